package lab

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
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
	_, err := l.start(node, "powerha_lpm_exporter", "--config.file="+l.exporterConfig(node),
		"--web.listen-address="+loopback(l.Ports[node].Exporter), "--log.level=debug", "--allow-root")
	return err
}

func (l *Lab) StartActor(node string) error {
	_, err := l.start(node, "powerha_lpm_actor", "--config.file="+l.config(node),
		"--web.listen-address="+loopback(l.Ports[node].Actor), "--log.level=debug")
	return err
}

// Log is where a node's program writes what it says.
func (l *Lab) Log(node, program string) string { return l.path("logs", node+"-"+program) }

// StopActor, StopExporter: end the node's program and wait for its end.
func (l *Lab) StopActor(node string) error    { return l.stop(node, "powerha_lpm_actor") }
func (l *Lab) StopExporter(node string) error { return l.stop(node, "powerha_lpm_exporter") }

func (l *Lab) stop(node, program string) error {
	for _, p := range l.procs {
		if p.name == node+"-"+program {
			return p.end()
		}
	}
	return fmt.Errorf("stop %s on %s: it was never started", program, node)
}

// KillActor ends the node's actor by kill -9, as a crash would: commands that it began are not its children's
// business and go on. StartActor starts it again.
func (l *Lab) KillActor(node string) error {
	for i, p := range l.procs {
		if p.name != node+"-powerha_lpm_actor" || p.log == nil {
			continue
		}
		pid, err := p.command()
		if err != nil {
			return fmt.Errorf("kill the actor of %s: %w", node, err)
		}
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			return fmt.Errorf("kill the actor of %s, pid %d: %w", node, pid, err)
		}
		// Its reaper stays for as long as a command of the actor runs; Close ends it.
		l.procs[i].name += "-killed"
		return nil
	}
	return fmt.Errorf("kill the actor of %s: it does not run", node)
}

// command is the pid of the program itself, the reaper's first child.
func (p *process) command() (int, error) {
	reaper := p.cmd.Process.Pid
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", reaper, reaper))
	if err == nil && strings.TrimSpace(string(text)) == "" {
		// Another thread of the reaper may have started it.
		text, err = childrenOf(reaper)
	}
	if err != nil {
		return 0, err
	}
	pid, err := strconv.Atoi(strings.Fields(string(text))[0])
	if err != nil {
		return 0, fmt.Errorf("children of %d: %w", reaper, err)
	}
	return pid, nil
}

func childrenOf(pid int) ([]byte, error) {
	names, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		if text, err := os.ReadFile(name); err == nil && len(strings.Fields(string(text))) > 0 {
			return text, nil
		}
	}
	return nil, fmt.Errorf("process %d has no children", pid)
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
