package lab

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"powerha_lpm_exporter/internal/episode"
)

// lateTools are the commands that witnesses are read by.
func lateTools() map[string]string {
	return map[string]string{episode.SourceErrpt: "errpt", episode.SourceServer: "lsattr"}
}

// ExporterState is the state_dir of a node's exporter. It differs from that of the actor where dr is heard late: then the
// log of the DR script in it is a late copy.
func (l *Lab) ExporterState(node string) string {
	if l.Witnesses.Late[episode.SourceDR] > 0 {
		return l.path(node + "-exporter")
	}
	return l.State(node)
}

func (l *Lab) exporterConfig(node string) string { return l.path("etc", node+"-exporter.yml") }

// exporterFile is the configuration of a node's exporter: that of the node, but for the witnesses.
func (l *Lab) exporterFile(node string) m {
	c := l.configuration(node)
	w := l.Witnesses
	logs := filepath.Join(filepath.Dir(l.world.Bin(node)), "var", "hacmp")
	files := c["cluster"].(m)["logs"].(m)
	files["clutils_log"], files["cl_dr_state"] = filepath.Join(logs, "log", "clutils.log"), filepath.Join(logs, "cl_dr.state")
	for source, key := range map[string]string{episode.SourceClutils: "clutils_log", episode.SourceState: "cl_dr_state"} {
		if w.Late[source] > 0 {
			files[key] = l.lateCopy(node, source)
		}
	}
	commands := c["cluster"].(m)["commands"].(m)
	for source, tool := range lateTools() {
		if span := w.Late[source]; span > 0 {
			commands[tool] = l.lateCommand(node, tool, span, commands[tool].(string))
		}
	}
	heard := slices.DeleteFunc(episode.Witnesses(), func(s string) bool { return slices.Contains(w.Off, s) })
	c["migration"].(m)["witnesses"] = heard
	c["state_dir"] = l.ExporterState(node)
	return c
}

func (l *Lab) lateCopy(node, source string) string { return l.path("late", node+"-"+source) }

// followLate keeps the copies that are read late until the lab is closed.
func (l *Lab) followLate() error {
	var files []*lateFile
	for _, node := range l.Nodes {
		var errs error
		for _, dir := range []string{l.path("late"), filepath.Join(l.ExporterState(node), "dr"), filepath.Join(l.ExporterState(node), "exporter")} {
			errs = errors.Join(errs, os.MkdirAll(dir, 0o750))
		}
		if errs != nil {
			return fmt.Errorf("make the folders of what is read late: %w", errs)
		}
		logs := filepath.Join(filepath.Dir(l.world.Bin(node)), "var", "hacmp")
		for source, from := range map[string]string{
			episode.SourceDR:      filepath.Join(l.State(node), episode.LogName),
			episode.SourceClutils: filepath.Join(logs, "log", "clutils.log"),
			episode.SourceState:   filepath.Join(logs, "cl_dr.state"),
		} {
			span := l.Witnesses.Late[source]
			if span <= 0 {
				continue
			}
			to := l.lateCopy(node, source)
			if source == episode.SourceDR {
				to = filepath.Join(l.ExporterState(node), episode.LogName)
			}
			files = append(files, &lateFile{from: from, to: to, span: span})
		}
	}
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); follow(ctx, files) }()
	l.stopLate = func() { stop(); <-done }
	return nil
}
