package world

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"powerha_lpm_exporter/internal/sim"
)

const (
	// scriptDefault limits a script for which the core sets no limit.
	scriptDefault = time.Hour
	// signalGrace is how long a script has to end by the signal that it got at its limit.
	signalGrace = 5 * time.Second
	// graceAfterThaw is what a script keeps at least when its limit passed while its node was frozen.
	graceAfterThaw = time.Second
	maxScriptText  = 1 << 20
)

// runScript runs a script as a process of its node and tells the core how it ended. The script's daemons live on.
func (w *World) runScript(ctx context.Context, s sim.RunScript) {
	end, err := w.script(ctx, s)
	end.ID = s.ID
	if err != nil {
		w.log.Warn("script", "node", s.Node, "kind", s.Kind, "path", s.Path, "err", err)
	}
	w.tell(ctx, end)
}

// failed is the exit status that a shell gives for a command that could not be started.
const failed = 126

func (w *World) script(ctx context.Context, s sim.RunScript) (sim.ScriptEnded, error) {
	out, err := os.CreateTemp(w.dir.Run(s.Node), "out-")
	if err != nil {
		return sim.ScriptEnded{Exit: failed}, fmt.Errorf("keep the output: %w", err)
	}
	defer os.Remove(out.Name())
	defer out.Close()
	reports, err := w.nodes[s.Node].scripts.run(scriptRequest{
		Argv: append([]string{s.Path}, s.Args...), Env: s.Env, Out: out.Name(),
		StdoutOnly: s.Kind == "dr", // the protocol is on stdout alone
	})
	if err != nil {
		return sim.ScriptEnded{Exit: failed}, err
	}
	end := w.awaitScript(ctx, s, reports)
	text, err := readHead(out.Name())
	end.Stdout = text
	return end, err
}

// awaitScript reads the reaper's reports and enforces the script's limit.
func (w *World) awaitScript(ctx context.Context, s sim.RunScript, reports <-chan report) sim.ScriptEnded {
	limit := s.Timeout
	if limit <= 0 {
		limit = scriptDefault
	}
	timer := w.clock.NewTimer(limit)
	defer timer.Stop()
	pid, end := 0, sim.ScriptEnded{Exit: failed}
	for {
		select {
		case <-ctx.Done():
			return end
		case r, ok := <-reports:
			switch {
			case !ok:
				return end
			case r.Exit != nil:
				end.Exit = *r.Exit
				return end
			case r.Error != "":
				w.log.Warn("script did not start", "node", s.Node, "path", s.Path, "err", r.Error)
				return end
			}
			pid = r.Pid
		case <-timer.C():
			if !w.awaitThaw(ctx, s.Node) { // it was not frozen: the limit is passed in fact
				signal := syscall.SIGKILL
				if s.Signal != 0 && !end.TimedOut {
					signal = syscall.Signal(s.Signal) // what does not end by it gets the other a little later
				}
				end.TimedOut = true
				if pid != 0 {
					_ = syscall.Kill(-pid, signal) // the group that its reaper gave it
				}
				timer.Reset(signalGrace)
				continue
			}
			timer.Reset(graceAfterThaw)
		}
	}
}

// awaitThaw waits for the end of a freeze; false when there was none.
func (w *World) awaitThaw(ctx context.Context, node string) bool {
	thaw := w.nodes[node].running()
	select {
	case <-thaw:
		return false
	default:
	}
	select {
	case <-thaw:
	case <-ctx.Done():
	}
	return true
}

// readHead reads a script's output, up to a limit.
func readHead(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("read its output: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxScriptText))
	if err != nil {
		return "", fmt.Errorf("read its output: %w", err)
	}
	return string(b), nil
}

// productFile writes, appends to or removes a file that the product keeps on a node.
func (w *World) productFile(node, name string, do func(path string) error) {
	path := w.dir.join(node, filepath.Clean("/"+name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		w.log.Error("file of the product", "path", path, "err", err)
		return
	}
	if err := do(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		w.log.Error("file of the product", "path", path, "err", err)
	}
}

func appendFile(path, text string) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}
