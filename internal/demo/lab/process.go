package lab

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// process is a long-running program of a node, under its reaper.
type process struct {
	name string
	cmd  *exec.Cmd
	log  *os.File
	done chan struct{}
}

// start runs a program as a process of a node until it is ended or the node dies.
func (l *Lab) start(node, program string, args ...string) (*process, error) {
	name := node + "-" + program
	log, err := os.OpenFile(l.path("logs", name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("start %s on %s: %w", program, node, err)
	}
	all := append([]string{"exec", "--dir", string(l.world), "--node", node, "--", filepath.Join(l.Bin, program)}, args...)
	cmd := exec.Command(filepath.Join(l.Bin, "powerha_sim"), all...)
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		_ = log.Close()
		return nil, fmt.Errorf("start %s on %s: %w", program, node, err)
	}
	p := &process{name: name, cmd: cmd, log: log, done: make(chan struct{})}
	go func() {
		defer close(p.done)
		_ = cmd.Wait() // its log tells how it ended
	}()
	l.procs = append(l.procs, p)
	return p, nil
}

// StartExporter, StartActor: start the node's program.
func (l *Lab) StartExporter(node string) error {
	_, err := l.start(node, "powerha_lpm_exporter", "--config.file="+l.config(node),
		"--web.listen-address="+loopback(l.Ports[node].Exporter), "--log.level=debug")
	return err
}

func (l *Lab) StartActor(node string) error {
	_, err := l.start(node, "powerha_lpm_actor", "--config.file="+l.config(node),
		"--web.listen-address="+loopback(l.Ports[node].Actor), "--log.level=debug")
	return err
}

// Log is where a node's program writes what it says.
func (l *Lab) Log(node, program string) string { return l.path("logs", node+"-"+program) }

// StopActor ends the node's actor and waits for its end.
func (l *Lab) StopActor(node string) error {
	for _, p := range l.procs {
		if p.name == node+"-powerha_lpm_actor" {
			return p.end()
		}
	}
	return fmt.Errorf("stop the actor of %s: it was never started", node)
}

// end asks the process to end, then kills it. It may be called again.
func (p *process) end() error {
	if p.log == nil {
		return nil
	}
	defer func() { _ = p.log.Close(); p.log = nil }()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("end %s: %w", p.name, err)
	}
	select {
	case <-p.done:
		return nil
	case <-time.After(8 * time.Second):
	}
	_ = p.cmd.Process.Kill()
	<-p.done
	return fmt.Errorf("end %s: it did not end by SIGTERM within 8 s and was killed", p.name)
}
