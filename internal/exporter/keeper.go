package exporter

import (
	"context"
	"errors"
	"io/fs"
	"sync"
	"time"

	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/durable"
	"powerha_lpm_exporter/internal/episode"
	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/report"
)

// keeper does what touches the disk, so that a disk that hangs stops nothing else. Only the latest state is written;
// events that cannot be written wait, up to a number.
type keeper struct {
	open    func() (durable.FS, error)
	clk     clock.Clock
	expires time.Duration
	newer   bool // the file on disk is of a newer version and stays as it is
	said    func(err error)

	wake chan struct{}

	mu      sync.Mutex // guards what follows
	state   *State
	events  []model.EpisodeEvent
	reports []model.Report

	rejected []byte // the file, when it is to be written
}

const (
	maxWaiting = 256
	retryDisk  = 5 * time.Second
)

func (k *keeper) keep(s State) {
	k.mu.Lock()
	k.state = &s
	k.mu.Unlock()
	k.nudge()
}

func (k *keeper) add(e []model.EpisodeEvent) {
	k.mu.Lock()
	k.events = append(k.events, e...)
	if n := len(k.events); n > maxWaiting {
		k.events = append([]model.EpisodeEvent(nil), k.events[n-maxWaiting:]...)
	}
	k.mu.Unlock()
	k.nudge()
}

func (k *keeper) addReport(r model.Report) {
	k.mu.Lock()
	k.reports = append(k.reports, r)
	k.mu.Unlock()
	k.nudge()
}

func (k *keeper) nudge() {
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// run writes until ctx ends, and once more then.
func (k *keeper) run(ctx context.Context) {
	retry := k.clk.NewTimer(retryDisk)
	defer retry.Stop()
	for {
		select {
		case <-ctx.Done():
			k.said(k.flush())
			return
		case <-k.wake:
		case <-retry.C():
		}
		k.said(k.flush())
		retry.Reset(retryDisk)
	}
}

func (k *keeper) flush() error {
	fsys, err := k.open()
	if err != nil {
		return err
	}
	if err := fsys.MkdirAll("exporter", 0o750); err != nil {
		return err
	}
	// The reports come first: a state that calls a migration reported must not be all that is left of it.
	if err := k.flushReports(fsys); err != nil {
		return err
	}
	return errors.Join(k.flushEvents(fsys), k.flushState(fsys), k.flushRejected(fsys))
}

func (k *keeper) flushReports(fsys durable.FS) error {
	k.mu.Lock()
	reports := k.reports
	k.reports = nil
	k.mu.Unlock()
	for i := range reports {
		if err := report.Append(fsys, &reports[i]); err != nil {
			k.mu.Lock()
			k.reports = append(reports[i:len(reports):len(reports)], k.reports...)
			k.mu.Unlock()
			return err
		}
	}
	return nil
}

func (k *keeper) flushEvents(fsys durable.FS) error {
	k.mu.Lock()
	events := k.events
	k.events = nil
	k.mu.Unlock()
	for i, e := range events {
		if err := episode.AppendTo(fsys, episode.ObservedName, e); err != nil {
			k.mu.Lock()
			k.events = append(events[i:len(events):len(events)], k.events...)
			k.mu.Unlock()
			return err
		}
	}
	if len(events) == 0 {
		return nil
	}
	return episode.Rotate(fsys, episode.ObservedName, k.clk.Now().Wall, k.expires)
}

func (k *keeper) flushState(fsys durable.FS) error {
	if k.newer {
		return ErrNewer
	}
	k.mu.Lock()
	s := k.state
	k.state = nil
	k.mu.Unlock()
	if s == nil {
		return nil
	}
	err := SaveState(fsys, *s)
	if err != nil {
		k.mu.Lock()
		if k.state == nil {
			k.state = s
		}
		k.mu.Unlock()
	}
	return err
}

// logReader tells when dr/episode.jsonl has changed.
type logReader struct {
	open func() (durable.FS, error)
	size int64
	err  string
	read bool
}

// poll returns the log when it is not as it was at the last poll.
func (l *logReader) poll() (LogRead, bool) {
	events, damaged, size, err := l.load()
	if err != nil {
		if l.read && l.err == err.Error() {
			return LogRead{}, false
		}
		l.read, l.err, l.size = true, err.Error(), -1
		return LogRead{Err: l.err}, true
	}
	if l.read && l.err == "" && size == l.size {
		return LogRead{}, false
	}
	l.read, l.err, l.size = true, "", size
	return LogRead{Events: events, Damaged: damaged}, true
}

func (l *logReader) load() (events []model.EpisodeEvent, damaged int, size int64, err error) {
	fsys, err := l.open()
	if err != nil {
		return nil, 0, 0, err
	}
	size, err = fsys.Size(episode.LogName)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, 0, nil
	}
	if err != nil || l.read && l.err == "" && size == l.size {
		return nil, 0, size, err
	}
	p, err := fsys.ReadFile(episode.LogName)
	if err != nil {
		return nil, 0, size, err
	}
	events, damaged = episode.Parse(p)
	return events, damaged, int64(len(p)), nil
}
