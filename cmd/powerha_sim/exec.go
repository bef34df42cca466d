package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"syscall"

	"github.com/alecthomas/kingpin/v2"

	"powerha_lpm_exporter/internal/sim/world"
)

// reportFD is where a reaper reports to whoever started it with --report.
const reportFD = 3

type execFlags struct {
	dir, node, log string
	detach, report bool
	argv           []string
}

func addExec(app *kingpin.Application, verbs map[string]verb) {
	var f execFlags
	c := app.Command("exec", "Run a command as a process of a node, and stay until all its descendants are gone.")
	c.Flag("dir", "Folder of the cluster.").Required().PlaceHolder("DIR").StringVar(&f.dir)
	c.Flag("node", "Node to run it on.").Required().StringVar(&f.node)
	c.Flag("detach", "Leave it in the background and print its pid.").BoolVar(&f.detach)
	c.Flag("log", "With --detach: file that its output is appended to.").Default(os.DevNull).StringVar(&f.log)
	c.Flag("report", "Report start and end in JSON lines on file descriptor 3; the environment is passed on as it is.").Hidden().BoolVar(&f.report)
	c.Arg("command", "Command and arguments, after --.").Required().StringsVar(&f.argv)
	verbs["exec"] = func(ctx context.Context, s shell) int { return execute(s, f) }
}

func execute(s shell, f execFlags) int {
	d, spec, err := open(f.dir)
	if err != nil {
		return s.fail(exitFailed, err)
	}
	if !slices.Contains(spec.Nodes, f.node) {
		return s.fail(exitUsage, fmt.Errorf("--node %q: the cluster has %s", f.node, strings.Join(spec.Nodes, ", ")))
	}
	if f.detach {
		return detach(s, d, f)
	}
	o := world.ExecOptions{Dir: d, Node: f.node, Argv: f.argv}
	if f.report {
		syscall.CloseOnExec(reportFD) // the reaper's, not the command's
		o.Env, o.Report = os.Environ(), os.NewFile(reportFD, "report")
	} else {
		o.Env = world.Environ(d, f.node)
	}
	status, err := world.Exec(o)
	if err != nil {
		return s.fail(exitFailed, err)
	}
	return status
}

// detach starts a reaper in a session of its own and waits until the command has started.
func detach(s shell, d world.Dir, f execFlags) int {
	self, err := os.Executable()
	if err != nil {
		return s.fail(exitFailed, fmt.Errorf("find my own program: %w", err))
	}
	log, err := os.OpenFile(f.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return s.fail(exitFailed, fmt.Errorf("--log: %w", err))
	}
	defer log.Close()
	reports, end, err := os.Pipe()
	if err != nil {
		return s.fail(exitFailed, fmt.Errorf("hear of its start: %w", err))
	}
	defer reports.Close()
	cmd := exec.Command(self, append([]string{"exec", "--dir", string(d), "--node", f.node, "--report", "--"}, f.argv...)...)
	cmd.Env, cmd.Stdout, cmd.Stderr, cmd.ExtraFiles = world.Environ(d, f.node), log, log, []*os.File{end}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	err = cmd.Start()
	_ = end.Close()
	if err != nil {
		return s.fail(exitFailed, fmt.Errorf("start %s on %s: %w", f.argv[0], f.node, err))
	}
	line, err := bufio.NewReader(reports).ReadBytes('\n')
	var r struct {
		Pid   int    `json:"pid"`
		Error string `json:"error"`
	}
	if err == nil {
		err = json.Unmarshal(line, &r)
	}
	switch {
	case err != nil:
		return s.fail(exitFailed, fmt.Errorf("start %s on %s: its reaper says nothing: %w", f.argv[0], f.node, err))
	case r.Error != "":
		return s.fail(exitFailed, fmt.Errorf("%s", r.Error))
	}
	fmt.Fprintln(s.stdout, r.Pid)
	return exitOK
}

func addScripts(app *kingpin.Application, verbs map[string]verb) {
	c := app.Command("scripts", "Run the scripts that a world asks for on standard input.").Hidden()
	dir, node := dirFlag(c), nodeFlag(c)
	verbs["scripts"] = func(_ context.Context, s shell) int {
		d, err := world.OpenDir(*dir)
		if err != nil {
			return s.fail(exitUsage, err)
		}
		if err := world.ServeScripts(d, *node, os.Stdin, os.Stdout); err != nil {
			return s.fail(exitFailed, err)
		}
		return exitOK
	}
}
