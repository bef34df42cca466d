package main

import (
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/alecthomas/kingpin/v2"

	"powerha_lpm_exporter/internal/command"
	"powerha_lpm_exporter/internal/drscript"
	"powerha_lpm_exporter/internal/powerha"
)

// stubName sorts before cl_dr, PowerHA's own script: drmgr runs them in the order of their names.
const stubName = "aa_powerha_lpm"

// hookFile is where drmgr of Linux on Power looks.
const hookFile = "/etc/drmgr.d/pmig/00_powerha_lpm"

//go:embed stub.sh
var stubText string

func addInstall(app *kingpin.Application, t *tool, verbs map[string]func() int) {
	dr := app.Command("dr", "The DR script that drmgr calls; these verbs register it.")
	system := dr.Flag("system", "Whose drmgr: aix, linux. Default: aix on AIX and where cluster.commands names a drmgr.").Enum("aix", "linux")
	dr.Command("install", "Register the DR script with drmgr, to run before PowerHA's own.")
	dr.Command("uninstall", "Take it back.")
	dr.Command("list", "List the registered scripts in the order in which drmgr runs them.")
	for verb, do := range map[string]func(bool) int{"install": t.install, "uninstall": t.uninstall, "list": t.list} {
		verbs["dr "+verb] = func() int {
			if !t.config() {
				return exitNo
			}
			_, named := t.cfg.Cluster.Commands["drmgr"]
			aix := *system == "aix" || *system == "" && (runtime.GOOS == "aix" || named)
			return do(aix)
		}
	}
}

// stub is the script that is registered: it outlives an uninstalled program.
func stub(program, configFile, interpreter string, timeout time.Duration) string {
	return strings.NewReplacer(
		"@INTERPRETER@", interpreter,
		"@PROGRAM@", quote(program),
		"@CONFIG@", quote(configFile),
		"@DATE@", drscript.Date,
		"@TIMEOUT@", fmt.Sprint(int(timeout/time.Second)),
	).Replace(stubText)
}

func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

func (t *tool) install(aix bool) int {
	program, err := os.Executable()
	if err != nil {
		return t.fail(exitNo, "find out where this program is: %v", err)
	}
	if !aix {
		return t.installHook(program)
	}
	configFile, err := filepath.Abs(t.configFile)
	if err != nil {
		return t.fail(exitNo, "%v", err)
	}
	interpreter := "/bin/ksh"
	if _, err := os.Stat(interpreter); err != nil {
		interpreter = "/bin/sh"
	}
	dir, err := os.MkdirTemp("", "lpmctl-dr-")
	if err != nil {
		return t.fail(exitNo, "write the DR script: %v", err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, stubName)
	text := stub(program, configFile, interpreter, max(300*time.Second, t.cfg.Migration.PrepareTimeout.D()))
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil { //nolint:gosec // drmgr runs it
		return t.fail(exitNo, "write the DR script: %v", err)
	}
	return t.drmgr("-i", path, "-f")
}

func (t *tool) installHook(program string) int {
	if err := os.MkdirAll(filepath.Dir(hookFile), 0o755); err != nil {
		return t.fail(exitNo, "install the hook: %v; run as root", err)
	}
	if err := os.Remove(hookFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return t.fail(exitNo, "install the hook: %v; run as root", err)
	}
	if err := os.Symlink(program, hookFile); err != nil {
		return t.fail(exitNo, "install the hook: %v; run as root", err)
	}
	fmt.Fprintf(t.stdout, "%s -> %s\n", hookFile, program)
	return exitOK
}

func (t *tool) uninstall(aix bool) int {
	if aix {
		return t.drmgr("-u", stubName)
	}
	if err := os.Remove(hookFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return t.fail(exitNo, "remove the hook: %v; run as root", err)
	}
	fmt.Fprintf(t.stdout, "%s is gone\n", hookFile)
	return exitOK
}

func (t *tool) list(aix bool) int {
	if aix {
		return t.drmgr("-l")
	}
	entries, err := os.ReadDir(filepath.Dir(hookFile))
	if err != nil {
		return t.fail(exitNo, "list the hooks: %v", err)
	}
	for _, e := range entries {
		fmt.Fprintln(t.stdout, filepath.Join(filepath.Dir(hookFile), e.Name()))
	}
	return exitOK
}

// drmgr runs the system's drmgr and passes on what it says.
func (t *tool) drmgr(args ...string) int {
	argv := powerha.DefaultArgv()["drmgr"]
	if a := t.cfg.Cluster.Commands["drmgr"]; len(a) > 0 {
		argv = a
	}
	argv = append(append([]string(nil), argv...), args...)
	out, err := command.NewRunner(t.clk, filepath.Join(t.cfg.StateDir, "actor")).
		Query(t.ctx, command.Query{Name: "drmgr", Argv: argv, Timeout: time.Minute})
	if err != nil {
		return t.fail(exitNo, "run %s: %v; set cluster.commands.drmgr, or run on the node", shell(argv), err)
	}
	_, _ = t.stdout.Write(out.Stdout)
	_, _ = t.stderr.Write(out.Stderr)
	if out.Exit != 0 {
		return t.fail(exitNo, "%s ended with status %d", shell(argv), out.Exit)
	}
	return exitOK
}
