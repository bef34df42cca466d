package accuracy

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/model"
)

// pair is a subject and its peer.
type pair struct {
	clk           clock.Clock
	subject, peer *process
	guest         *guest // nil in world A
}

// upTimeout is how long a busy machine may take to start a pair.
const upTimeout = time.Minute

// startPair starts a pair and waits until it knows its offset. The directory holds the guest's clocks.
func startPair(ctx context.Context, dir string, kind World, o order) (p *pair, err error) {
	p = &pair{clk: clock.System()}
	defer func() {
		if err != nil {
			p.stop()
		}
	}()
	a, b, err := addresses()
	if err != nil {
		return p, err
	}
	if kind == StandStill {
		o.Guest = filepath.Join(dir, "guest-"+a)
		if p.guest, err = mapGuest(o.Guest); err != nil {
			return p, err
		}
	}
	o.Node, o.Peer, o.Listen, o.Target = "n1", "n2", a, b
	if p.peer, err = startChild(order{Role: rolePeer, Node: "n2", Peer: "n1", Listen: b, Target: a}); err != nil {
		return p, err
	}
	if p.subject, err = startChild(o); err != nil {
		return p, err
	}
	waitFor := []*process{p.peer, p.subject}
	if o.Role == roleIdle {
		waitFor = waitFor[:1] // it says nothing until it has been weighed
	}
	return p, meet(ctx, p.clk, waitFor)
}

// meet returns once each child has told that its peer answers, or with what the first one to fail has said.
func meet(ctx context.Context, clk clock.Clock, children []*process) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var wg sync.WaitGroup
	for _, c := range children {
		wg.Go(func() {
			_, up, err := c.await(ctx, clk, upTimeout, func(l line) bool { return l.Up })
			if err == nil && !up {
				err = fmt.Errorf("a pair of children does not meet in %v", upTimeout)
			}
			if err != nil {
				cancel(err)
			}
		})
	}
	wg.Wait()
	return context.Cause(ctx)
}

func (p *pair) stop() {
	for _, c := range []*process{p.subject, p.peer} {
		if c != nil {
			c.stop()
		}
	}
	if p.guest != nil {
		p.guest.close()
	}
}

// Campaign is a number of real freezes of one kind.
type Campaign struct {
	World World
	Where Where
	N     int // freezes
	Pairs int // of processes that share them
	Seed  uint64
}

// Real measures freezes of child processes, those of all campaigns side by
// side. Programs that call it call RunChild first. The result has the cases of
// each campaign.
func Real(ctx context.Context, campaigns ...Campaign) ([][]Case, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	dir, err := os.MkdirTemp("", "freeze-accuracy")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	var wg sync.WaitGroup
	var mu sync.Mutex
	out := make([][]Case, len(campaigns))
	for i, c := range campaigns {
		for k := range c.Pairs {
			n := (c.N + k) / c.Pairs // those of all pairs sum up to N
			wg.Go(func() {
				cases, err := c.pair(ctx, dir, n, rand.New(rand.NewPCG(c.Seed, uint64(i*1000+k))))
				if err != nil {
					cancel(err)
				}
				mu.Lock()
				out[i] = append(out[i], cases...)
				mu.Unlock()
			})
		}
	}
	wg.Wait()
	return out, context.Cause(ctx)
}

// pair makes n freezes of one pair.
func (c Campaign) pair(ctx context.Context, dir string, n int, rnd *rand.Rand) ([]Case, error) {
	if n == 0 {
		return nil, nil
	}
	p, err := startPair(ctx, dir, c.World, order{Role: roleSubject, Episode: c.Where != Rest})
	if err != nil {
		return nil, err
	}
	defer p.stop()
	w := world{rnd: rnd}
	var out []Case
	for range n {
		hiccup := time.Duration(0)
		if c.World == StandStill {
			hiccup = 30*time.Millisecond + w.upTo(80*time.Millisecond)
		}
		settle := time.Second
		if c.Where == Rest {
			settle = 5 * time.Second // heartbeats slow again
		}
		one, err := p.measure(ctx, settle+w.upTo(time.Second), w.length(LeastFreeze, MostFreezeReal), hiccup)
		if err != nil {
			return out, err
		}
		out = append(out, one)
	}
	return out, nil
}

// Times to wait for what a node says of its freeze, and for what it might say beside it.
const (
	answerTimeout = 8 * time.Second
	more          = 1500 * time.Millisecond
)

// measure freezes the subject once, after settle, and collects what it says.
func (p *pair) measure(ctx context.Context, settle, d, hiccup time.Duration) (c Case, err error) {
	before, _, err := p.subject.await(ctx, p.clk, settle, nil)
	if err != nil {
		return c, err
	}
	start := p.clk.Now().Wall.Add(-p.guest.lag())
	s, err := p.subject.freeze(ctx, p.clk, p.guest, d, hiccup)
	if err != nil {
		return c, err
	}
	after, answered, err := p.subject.await(ctx, p.clk, answerTimeout, func(l line) bool { return l.Freeze != nil })
	if err != nil {
		return c, err
	}
	if answered {
		rest, _, err := p.subject.await(ctx, p.clk, more, nil)
		if err != nil {
			return c, err
		}
		after = append(after, rest...)
	}
	c.Truth, c.Unsure = s.truth()
	c.Log = append(c.Log, fmt.Sprintf("stop %+v, clocks of the guest behind by %v, hiccup %v", s, p.guest.lag(), hiccup))
	for _, l := range slices.Concat(before, after) {
		c.Log = append(c.Log, l.String())
	}
	c.nearest(freezesOf(after), start)
	c.False = append(c.False, booked(freezesOf(before))...)
	c.False = append(c.False, booked(freezesOf(p.peer.told()))...)
	return c, nil
}

// told takes what a child has said until now.
func (c *process) told() (out []line) {
	for range len(c.lines) {
		if l, ok := <-c.lines; ok {
			out = append(out, l)
		}
	}
	return out
}

func freezesOf(lines []line) (out []model.Freeze) {
	for _, l := range lines {
		if l.Freeze != nil {
			out = append(out, *l.Freeze)
		}
	}
	return out
}
