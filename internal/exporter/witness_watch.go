package exporter

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/go-kit/log/level"

	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/logfile"
	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/powerha"
	"powerha_lpm_exporter/internal/sigreconfig"
)

// Witnesses are where the shell hears of migrations besides the commands and the episode log.
type Witnesses struct {
	// ClutilsLog and ClDRState are files of PowerHA's own DR script; "" is none.
	ClutilsLog, ClDRState string
	Signals               Signals // may be nil
}

// Signals tell of reconfigurations; sigreconfig.Listener is one.
type Signals interface {
	Run(ctx context.Context, emit func(sigreconfig.Event)) error
}

// PartSigreconfig is a part of the shell.
const PartSigreconfig = "sigreconfig"

// hear starts what hears the witnesses.
func (e *Exporter) hear(ctx context.Context) {
	if w := e.deps.Witnesses; w.ClutilsLog != "" || w.ClDRState != "" {
		watch := newWitnessWatcher(w, e.core.state.Heard.Clutils.Cursor)
		e.goes(func() { e.watchWitnesses(ctx, watch) })
	}
	if e.deps.Witnesses.Signals != nil {
		e.goes(func() { e.watchSignals(ctx) })
	}
}

func (e *Exporter) watchSignals(ctx context.Context) {
	if sigreconfig.Supported {
		e.send(Health{Part: PartSigreconfig})
	}
	err := e.deps.Witnesses.Signals.Run(ctx, func(s sigreconfig.Event) {
		_ = level.Info(e.deps.Logger).Log("msg", "the system told of a reconfiguration", "word", fmt.Sprintf("%#08x", s.Info.Word),
			"migration", s.Info.Migrate, "unknown_bits", fmt.Sprintf("%#x", s.Info.Unknown), "err", s.Err)
		e.send(SigReconfig{Event: s})
	})
	switch {
	case err == nil, ctx.Err() != nil:
	case errors.Is(err, sigreconfig.ErrUnsupported):
		_ = level.Debug(e.deps.Logger).Log("msg", "signals are not heard", "err", err)
	default:
		e.send(Health{Part: PartSigreconfig, Err: err.Error()})
	}
}

func (e *Exporter) watchWitnesses(ctx context.Context, w *witnessWatcher) {
	for {
		for _, i := range w.look(e.deps.Clock.Now()) {
			e.send(i)
		}
		if clock.Sleep(ctx, e.deps.Clock, logEvery) != nil {
			return
		}
	}
}

// witnessWatcher follows the files of PowerHA's own DR script. It belongs to one goroutine.
type witnessWatcher struct {
	files  Witnesses
	cursor logfile.Cursor
	log    *string // what was last said of the log: an error or nothing
	state  *StateFileSeen
}

func newWitnessWatcher(files Witnesses, cursor logfile.Cursor) *witnessWatcher {
	return &witnessWatcher{files: files, cursor: cursor}
}

// look returns what is new.
func (w *witnessWatcher) look(now model.Instant) []Input {
	var out []Input
	if w.files.ClutilsLog != "" {
		if r, news := w.clutils(now); news {
			out = append(out, r)
		}
	}
	if w.files.ClDRState != "" {
		if s, news := w.stateFile(now); news {
			out = append(out, s)
		}
	}
	return out
}

func (w *witnessWatcher) clutils(now model.Instant) (ClutilsRead, bool) {
	chunk, err := logfile.Read(w.files.ClutilsLog, w.cursor, logLimit)
	r := ClutilsRead{At: now, Cursor: chunk.Next, Err: text(err)}
	if err == nil {
		r.Events, r.Unparsed = powerha.ParseClutils(chunk.Text)
		r.Written = written(w.files.ClutilsLog)
	}
	news := w.log == nil || *w.log != r.Err || w.cursor != r.Cursor || len(r.Events) > 0 || r.Unparsed > 0
	w.cursor, w.log = r.Cursor, &r.Err
	return r, news
}

func written(path string) time.Time {
	st, err := os.Stat(path)
	if err != nil {
		return time.Time{}
	}
	return st.ModTime()
}

// maxStateFile is many times what the script writes.
const maxStateFile = 64 << 10

func (w *witnessWatcher) stateFile(now model.Instant) (StateFileSeen, bool) {
	s := StateFileSeen{At: now}
	st, err := os.Stat(w.files.ClDRState)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		s.Err = fmt.Sprintf("%v: give the exporter's group the right to look into its folder, or set cluster.logs.cl_dr_state to \"\"", err)
	default:
		s.Present, s.Written = true, st.ModTime()
	}
	if was := w.state; was != nil && was.Present == s.Present && was.Written.Equal(s.Written) && was.Err == s.Err {
		return s, false
	}
	if s.Present {
		s.Saved, s.Unparsed = saved(w.files.ClDRState)
	}
	w.state = &s
	return s, true
}

// saved is what the file holds. That it may not be read costs what the script found, not that it was there.
func saved(path string) (powerha.ClDRState, int) {
	f, err := os.Open(path)
	if err != nil {
		return powerha.ClDRState{}, 0
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxStateFile))
	if err != nil {
		return powerha.ClDRState{}, 0
	}
	return powerha.ParseClDRState(b)
}
