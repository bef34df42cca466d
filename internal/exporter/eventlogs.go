package exporter

import (
	"context"
	"errors"
	"maps"
	"time"

	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/logfile"
	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/powerha"
)

// EventLogs are the files in which PowerHA tells of its events, the first one that can be read counts; "" is none.
type EventLogs struct{ ClusterLog, HacmpOut string }

// How often the logs are looked at, and how much of one look is taken in: hacmp.out grows by megabytes.
const (
	logEvery = time.Second
	logLimit = 256 << 10
)

// logWatcher follows the logs. It belongs to one goroutine.
type logWatcher struct {
	paths   []logPath
	cursors map[string]logfile.Cursor
	said    EventsRead
	first   bool
}

type logPath struct{ name, path string }

func newLogWatcher(l EventLogs, cursors map[string]logfile.Cursor) *logWatcher {
	w := &logWatcher{cursors: maps.Clone(cursors), first: true}
	if w.cursors == nil {
		w.cursors = make(map[string]logfile.Cursor)
	}
	for _, p := range []logPath{{"cluster.log", l.ClusterLog}, {"hacmp.out", l.HacmpOut}} {
		if p.path != "" {
			w.paths = append(w.paths, p)
		}
	}
	return w
}

// look reads what is new. It reports false when there is nothing to tell that was not told before.
func (w *logWatcher) look(now model.Instant) (EventsRead, bool) {
	var read EventsRead
	var errs []error
	for _, p := range w.paths {
		chunk, err := logfile.Read(p.path, w.cursors[p.path], logLimit)
		w.cursors[p.path] = chunk.Next
		if err != nil {
			errs = append(errs, err)
			continue
		}
		read.Events, read.Unparsed = powerha.ParseEventLog(chunk.Text, p.name)
		read.Skipped = chunk.Skipped
		errs = nil
		break
	}
	for i := range read.Events {
		read.Events[i].Seen = now.Wall.UTC()
	}
	read.Err, read.Cursors = text(errors.Join(errs...)), maps.Clone(w.cursors)
	news := w.first || len(read.Events) > 0 || read.Unparsed > 0 || read.Skipped || read.Err != w.said.Err || !maps.Equal(read.Cursors, w.said.Cursors)
	w.said, w.first = read, false
	return read, news
}

// watchEvents tells the core what PowerHA's logs tell.
func (e *Exporter) watchEvents(ctx context.Context, w *logWatcher) {
	for {
		if read, news := w.look(e.deps.Clock.Now()); news {
			e.send(read)
		}
		if clock.Sleep(ctx, e.deps.Clock, logEvery) != nil {
			return
		}
	}
}
