package main

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/command"
	"powerha_lpm_exporter/internal/config"
	"powerha_lpm_exporter/internal/control"
	"powerha_lpm_exporter/internal/drscript"
	"powerha_lpm_exporter/internal/durable"
	"powerha_lpm_exporter/internal/model"
)

// drCall finds out, before anything can fail on flags, whether drmgr calls:
// `lpmctl [--config.file=F] dr COMMAND …` on AIX, no argument and DRC_TYPE=pmig
// on Linux. It returns the named configuration file and what follows dr.
func drCall(args, environ []string) (file string, rest []string, ok bool) {
	if len(args) == 0 {
		return "", nil, lookup(environ, "DRC_TYPE") == "pmig"
	}
	if f, has := strings.CutPrefix(args[0], "--config.file="); has {
		file, args = f, args[1:]
	}
	if len(args) < 2 || args[0] != "dr" || strings.HasPrefix(args[1], "-") ||
		slices.Contains([]string{"install", "uninstall", "list"}, args[1]) {
		return "", nil, false
	}
	return file, args[1:], true
}

// runDR answers drmgr. Of the environment it takes drmgr's own words alone.
func runDR(ctx context.Context, file string, args, environ []string, stdout io.Writer) int {
	limitProcs(nil)
	clk := clock.System()
	// The stub always names a file; that the default one is absent is no complaint.
	path := file
	if path == "" {
		path = config.DefaultPath
	}
	cfg, err := config.LoadLenient(path, path != config.DefaultPath)
	s := &drscript.Script{Config: cfg, Clock: clk, Actor: actorOf(cfg)}
	acts := command.NewRunner(clk, filepath.Join(cfg.StateDir, "actor", "acts"))
	s.Running = func(l control.Launched) bool {
		_, ended, err := acts.Poll(command.Started{ID: l.ID, PID: l.PID, StartTime: l.StartTime})
		return !ended && !errors.Is(err, fs.ErrNotExist)
	}
	s.Outstanding = func(since time.Time) (out []control.Launched, err error) {
		begun, err := acts.Outstanding(since)
		for _, b := range begun {
			out = append(out, control.Launched{ID: b.ID, PID: b.PID})
		}
		return out, err
	}
	if err != nil {
		s.Complaint = err.Error()
	}
	// The folder is made here when drmgr calls before any daemon ever ran.
	if s.FSErr = os.MkdirAll(cfg.StateDir, 0o755); s.FSErr == nil {
		s.FS, s.FSErr = durable.OpenDir(cfg.StateDir)
	}
	ha := cluster(cfg, clk)
	s.NodeState = func(ctx context.Context) (model.NodeState, error) {
		name, err := nodeName(ctx, cfg, ha)
		if err != nil {
			return model.NodeUnknown, err
		}
		r := ha.Read(ctx, model.SourceNodes)
		if r.Err != "" {
			return model.NodeUnknown, errText(r.Err)
		}
		return r.NodeState(name), nil
	}
	if len(args) == 0 {
		return s.RunLinux(ctx, lookup(environ, "PHASE"), stdout)
	}
	return s.RunAIX(ctx, args, stdout)
}

// errText is an error that is told as it stands.
type errText string

func (e errText) Error() string { return string(e) }
