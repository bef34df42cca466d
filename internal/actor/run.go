package actor

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/command"
	"powerha_lpm_exporter/internal/confirm"
	"powerha_lpm_exporter/internal/durable"
	"powerha_lpm_exporter/internal/episode"
	"powerha_lpm_exporter/internal/journal"
	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/notify"
	"powerha_lpm_exporter/internal/peer/records"
)

// The pace of the loop: at rest, and while a command of ours or a prepare is under way.
const (
	slowTick = time.Second
	fastTick = 200 * time.Millisecond
)

// roomEvery is how often the room that is kept for the records of one episode is filled up.
const roomEvery = time.Minute

// rotateAt is the size from which the journal is rotated between episodes.
const rotateAt = 8 << 20

// Reader reads one source of the node.
type Reader interface {
	Read(ctx context.Context, s model.Source) model.Reading
}

// Pager tells people.
type Pager interface {
	Page(ctx context.Context, p notify.Page) (bool, error)
}

// Ender is a Runner that tells at once when an act which it started itself is
// over. Others are looked after at each tick.
type Ender interface {
	Done(id string) <-chan struct{}
}

// Deps are what an Actor stands on.
type Deps struct {
	Clock    clock.Clock
	Runner   command.Runner
	Reader   Reader
	Journal  *journal.Journal
	State    durable.FS // state_dir; the episode log is dr/episode.jsonl of it
	Gate     confirm.Querier
	Snapshot func(ctx context.Context) (model.Snapshot, error)
	Link     records.Link // nil without peers
	Pager    Pager
	Log      log.Logger
	Version  string
	// CheckExpires is how long a check alone counts as an episode. Timeout bounds one question to a peer or the exporter.
	CheckExpires, Timeout time.Duration
}

// Actor is the shell around a Core: it owns the goroutines and carries effects out.
type Actor struct {
	core *Core
	d    Deps
	opt  Options

	in   chan Input
	wake chan struct{}
	wg   sync.WaitGroup
	view atomic.Pointer[View]

	mu      sync.Mutex // guards waiting, serial and next
	waiting map[string]chan any
	serial  uint64
	next    *Options

	events  []model.EpisodeEvent // of the episode log, as last read
	size    int64
	badLog  string
	started bool
}

// NewActor returns an actor that continues from the records of its journal.
func NewActor(d Deps, opt Options, recs []journal.Record) (*Actor, error) {
	st, err := Fold(recs)
	if err != nil {
		return nil, fmt.Errorf("continue from the journal: %w; look at it with `lpmctl journal show`", err)
	}
	a := &Actor{
		core: New(opt, st, d.Clock.Now()), d: d, opt: opt, in: make(chan Input, 256), wake: make(chan struct{}, 1),
		waiting: map[string]chan any{}, size: -1,
	}
	v := a.core.View()
	a.view.Store(&v)
	return a, nil
}

// View returns what is known now.
func (a *Actor) View() View { return *a.view.Load() }

// Wake makes the next tick come at once.
func (a *Actor) Wake() {
	select {
	case a.wake <- struct{}{}:
	default:
	}
}

// Configure has the core work by other options from the next quiet moment on.
func (a *Actor) Configure(opt Options) {
	a.mu.Lock()
	a.next = &opt
	a.mu.Unlock()
	a.Wake()
}

// configure hands new options to the core.
func (a *Actor) configure() {
	a.mu.Lock()
	next := a.next
	a.mu.Unlock()
	if next == nil || !a.core.Calm() {
		return
	}
	next.Node, next.Peers = a.opt.Node, a.opt.Peers
	a.core.opt = *next
	a.mu.Lock()
	if a.next == next {
		a.next = nil
	}
	a.mu.Unlock()
}

// Run works until ctx ends, then waits for everything that it began, except
// for commands that change the cluster: those are left running.
func (a *Actor) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer a.wg.Wait()
	defer cancel()
	a.drive(ctx, nil)
	t := a.d.Clock.NewTimer(0)
	defer t.Stop()
	for {
		var batch []Input
		select {
		case <-ctx.Done():
			return nil
		case i := <-a.in:
			batch = append(batch, i)
		case <-a.wake:
		case <-t.C():
		}
		for more := true; more; {
			select {
			case i := <-a.in:
				batch = append(batch, i)
			default:
				more = false
			}
		}
		a.drive(ctx, batch)
		t.Reset(a.pace()) // every step is a tick, and may have begun what is looked after more often
	}
}

func (a *Actor) pace() time.Duration {
	if a.core.Fast() {
		return fastTick
	}
	return slowTick
}

// drive steps the core until it has nothing more to say, and shows the outcome.
func (a *Actor) drive(ctx context.Context, batch []Input) {
	a.configure()
	do := func(e Effect) []Input { return a.do(ctx, e) }
	if !a.started {
		a.started = true
		batch = append(Perform(a.core.Begin(a.d.Version), do), batch...)
	}
	batch = append(batch, Tick{}, a.readEpisodes())
	for len(batch) > 0 {
		batch = Perform(a.core.Step(a.d.Clock.Now(), batch), do)
	}
	a.rotate()
	v := a.core.View()
	a.view.Store(&v)
}

// rotate begins a new journal when the old one is large and nothing is under way.
func (a *Actor) rotate() {
	if !a.core.Calm() {
		return
	}
	if a.core.due("room", roomEvery) {
		if err := a.d.Journal.EnsureRoom(); err != nil {
			_ = level.Error(a.d.Log).Log("msg", "there is no room for the records of a whole episode", "err", err)
		}
	}
	if a.d.Journal.Size() < rotateAt {
		return
	}
	carried, err := a.core.Carry()
	if err == nil {
		_, err = a.d.Journal.Rotate(carried)
	}
	if err != nil {
		_ = level.Error(a.d.Log).Log("msg", "the journal could not be rotated", "err", err)
	}
}

// readEpisodes folds the episode log, reading it again when it has grown.
func (a *Actor) readEpisodes() Episodes {
	now := a.d.Clock.Now().Wall
	size, err := a.d.State.Size(episode.LogName)
	if err == nil && size != a.size {
		var b []byte
		if b, err = a.d.State.ReadFile(episode.LogName); err == nil {
			a.events, _ = episode.Parse(b)
			a.size = int64(len(b))
		}
	}
	text := ""
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		text = err.Error()
	}
	if text != a.badLog {
		a.badLog = text
		_ = level.Error(a.d.Log).Log("msg", "the episode log cannot be read", "err", text)
	}
	return Episodes{List: episode.Fold(a.events, now, a.d.CheckExpires), Unread: text != ""}
}

// do carries one effect out. What may take long runs beside, and answers through the channel.
func (a *Actor) do(ctx context.Context, e Effect) []Input {
	switch v := e.(type) {
	case AppendJournal:
		return a.append(v)
	case AppendEpisode:
		if err := episode.Append(a.d.State, v.Event); err != nil {
			_ = level.Error(a.d.Log).Log("msg", "the episode log cannot be written", "event", string(v.Event.Event), "err", err)
		}
	case Launch:
		return a.launch(ctx, v)
	case Poll:
		return a.poll(v)
	case ReplyDR:
		a.answer(v.ID, v.Reply)
	case ReplyOperator:
		a.answer(v.ID, v.Reply)
	case ReplyPeer:
		a.answer(v.ID, v)
	case Log:
		lvl := level.Info(a.d.Log)
		if v.Warn {
			lvl = level.Warn(a.d.Log)
		}
		_ = lvl.Log(v.KV...)
	default:
		a.beside(ctx, e)
	}
	return nil
}

func (a *Actor) append(v AppendJournal) []Input {
	r, err := a.d.Journal.Append(v.Kind, v.Episode, v.Data)
	if err != nil {
		return []Input{JournalFailed{v.Kind, err.Error()}}
	}
	return []Input{Journaled{At: model.Instant{Wall: r.Time, Mono: r.Mono}, Kind: v.Kind, Episode: v.Episode, Data: v.Data}}
}

func (a *Actor) launch(ctx context.Context, v Launch) []Input {
	_ = level.Info(a.d.Log).Log("msg", "running a cluster command", "argv", joinArgv(v.Act.Argv), "id", v.Act.ID)
	s, err := a.d.Runner.Start(v.Act)
	if err != nil {
		return []Input{ActFailed{v.Act.ID, err.Error()}}
	}
	if r, ok := a.d.Runner.(Ender); ok {
		a.tickAfter(ctx, r.Done(s.ID))
	}
	return []Input{ActStarted{s}}
}

func (a *Actor) poll(v Poll) []Input {
	e, done, err := a.d.Runner.Poll(v.Started)
	switch {
	case errors.Is(err, fs.ErrNotExist) && v.Started.PID == 0:
		return []Input{ActMissing{v.Started.ID}}
	case err != nil:
		_ = level.Error(a.d.Log).Log("msg", "a cluster command cannot be looked after", "id", v.Started.ID, "err", err)
		return nil
	case !done:
		return nil
	}
	return []Input{ActEnded{e}}
}
