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

// EventLogs are the files in which PowerHA tells of its events; "" is none. The first that can be read counts, the other
// one tells how long events took and what failed.
type EventLogs struct{ ClusterLog, HacmpOut string }

// How often the logs are looked at, and how much of one look is taken in: hacmp.out grows by megabytes in an event.
const (
	logEvery = time.Second
	logLimit = 256 << 10
	outLimit = 4 << 20
	// liveFor is how long after a look what the next one brings was written just now.
	liveFor = 5 * time.Second
)

// logWatcher follows the logs. It belongs to one goroutine.
type logWatcher struct {
	paths     []logPath
	cursors   map[string]logfile.Cursor
	looked    map[string]model.Instant // when a look at it last succeeded
	summaries powerha.SummaryReader
	said      EventsRead
	first     bool
}

type logPath struct {
	name, path string
	limit      int64
}

func newLogWatcher(l EventLogs, cursors map[string]logfile.Cursor) *logWatcher {
	w := &logWatcher{cursors: maps.Clone(cursors), looked: make(map[string]model.Instant), first: true}
	if w.cursors == nil {
		w.cursors = make(map[string]logfile.Cursor)
	}
	for _, p := range []logPath{{"cluster.log", l.ClusterLog, logLimit}, {hacmpOut, l.HacmpOut, outLimit}} {
		if p.path != "" {
			w.paths = append(w.paths, p)
		}
	}
	return w
}

const hacmpOut = "hacmp.out"

// look reads what is new. It reports false when there is nothing to tell that was not told before.
func (w *logWatcher) look(now model.Instant) (EventsRead, bool) {
	var read EventsRead
	var errs []error
	counts := false // one that counts was read
	for _, p := range w.paths {
		told, err := w.one(p, now)
		switch {
		case err != nil && counts:
			read.DetailsErr = err.Error()
		case err != nil:
			errs = append(errs, err)
		case counts:
			read.Details, read.DetailsLive = told.Events, told.Live
		default:
			read, counts, errs = told, true, nil
		}
	}
	read.Err, read.Cursors = text(errors.Join(errs...)), maps.Clone(w.cursors)
	news := w.first || len(read.Events)+len(read.Details) > 0 || read.Unparsed > 0 || read.Skipped ||
		read.Err != w.said.Err || read.DetailsErr != w.said.DetailsErr || !maps.Equal(read.Cursors, w.said.Cursors)
	w.said, w.first = read, false
	return read, news
}

// one reads what is new in one log.
func (w *logWatcher) one(p logPath, now model.Instant) (EventsRead, error) {
	chunk, err := logfile.Read(p.path, w.cursors[p.path], p.limit)
	w.cursors[p.path] = chunk.Next
	if err != nil {
		return EventsRead{}, err
	}
	last, looked := w.looked[p.path]
	w.looked[p.path] = now
	read := EventsRead{Skipped: chunk.Skipped, Live: looked && now.Sub(last) <= liveFor && !chunk.Skipped}
	read.Events, read.Unparsed = powerha.ParseEventLog(chunk.Text, p.name)
	if p.name == hacmpOut {
		read.Events = append(read.Events, w.summaries.Read(chunk.Text, p.name)...)
	}
	for i := range read.Events {
		read.Events[i].Seen = now.Wall.UTC()
	}
	return read, nil
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
