package accuracy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/freeze"
	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/peer"
)

// childEnv tells a program that it is a child, and which one.
const childEnv = "FREEZE_ACCURACY_CHILD"

// role is what a child does.
type role string

const (
	roleSubject role = "subject" // all that an exporter measures with: to be frozen
	rolePeer    role = "peer"    // the other node
	roleIdle    role = "idle"    // sampler and heartbeats alone, to be weighed
	roleBurn    role = "burn"    // keeps a processor busy
)

// order is what a parent tells its child.
type order struct {
	Role           role
	Node, Peer     string
	Listen, Target string        // no heartbeats without
	Episode        bool          // one is open
	Guest          string        // file of the guest's clocks; "" for those of the machine
	Nice           int           // less of a processor than others get: nice(1)
	For            time.Duration // roleIdle: how long to weigh
}

// line is what a child tells its parent.
type line struct {
	Up     bool                `json:",omitempty"` // the peer answers
	Gap    *freeze.Gap         `json:",omitempty"`
	Step   *freeze.PeerStep    `json:",omitempty"`
	Missed *freeze.PeerSilence `json:",omitempty"`
	Freeze *model.Freeze       `json:",omitempty"`
	Weight *Weight             `json:",omitempty"` // roleIdle
	Err    string              `json:",omitempty"`
}

// String is one line for a log.
func (l line) String() string {
	b, err := json.Marshal(l)
	if err != nil {
		return err.Error()
	}
	return string(b)
}

// RunChild makes a child of this program when it was started as one, and
// returns whether it was. Call it first in main and in TestMain.
func RunChild() bool {
	text := os.Getenv(childEnv)
	if text == "" {
		return false
	}
	out := json.NewEncoder(os.Stdout)
	var o order
	err := json.Unmarshal([]byte(text), &o)
	if err == nil {
		err = o.run(out)
	}
	if err != nil {
		_ = out.Encode(line{Err: err.Error()})
	}
	return true
}

// run ends with the pipe from the parent.
func (o *order) run(out *json.Encoder) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() { // ends with the process
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	switch o.Role {
	case roleBurn:
		for { //nolint:staticcheck // SA5002: to burn is what it is for
		}
	case rolePeer, roleSubject, roleIdle:
		if err := nice(o.Nice); err != nil {
			return err
		}
		c, err := o.child(out)
		if err != nil {
			return err
		}
		return c.run(ctx)
	default:
		return fmt.Errorf("unknown role %q", o.Role)
	}
}

// nice makes every thread of this process give way; those that are born later inherit it.
func nice(n int) error {
	if n == 0 {
		return nil
	}
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		return err
	}
	for _, t := range tasks {
		tid, err := strconv.Atoi(t.Name())
		if err == nil {
			err = unix.Setpriority(unix.PRIO_PROCESS, tid, n)
		}
		if err != nil && !errors.Is(err, unix.ESRCH) {
			return fmt.Errorf("nice %d: %w", n, err)
		}
	}
	return nil
}

// child is an exporter's part that measures.
type child struct {
	order   *order
	out     *json.Encoder
	clk     clock.Clock
	sampler *freeze.Sampler
	service *peer.Service // nil without a target
	gaps    chan freeze.Gap
	effects chan peer.Effect
	track   freeze.Tracker
}

func (o *order) child(out *json.Encoder) (*child, error) {
	c := &child{order: o, out: out, clk: clock.System(), gaps: make(chan freeze.Gap, 64), effects: make(chan peer.Effect, 256)}
	var read func() freeze.Sample
	if o.Guest != "" {
		g, err := mapGuest(o.Guest)
		if err != nil {
			return nil, err
		}
		c.clk = guestClock{c.clk, g}
		read = g.reader(freeze.NewReader())
	}
	c.sampler = freeze.NewSamplerOf(freeze.Config{}, c.clk, read)
	c.sampler.SetFine(o.Episode)
	if o.Target == "" {
		return c, nil
	}
	var err error
	c.service, err = peer.NewService(peer.Options{
		Clock: c.clk, Config: peer.Config{Cluster: "accuracy", Node: o.Node, Key: []byte("a key that is shared by all nodes")},
		Listen: o.Listen, Targets: map[string]string{o.Peer: o.Target}, Events: func(e peer.Effect) { c.effects <- e },
	})
	if err != nil {
		return nil, err
	}
	l := peer.LocalState{Phase: model.PhaseIdle}
	if o.Episode {
		l.Phase, l.Episode = model.PhaseMigrating, "e1"
	}
	c.service.SetLocal(l)
	return c, nil
}

func (c *child) run(ctx context.Context) error {
	failed := make(chan error, 2)
	if c.service != nil {
		go func() { failed <- c.service.Run(ctx) }()
	}
	if c.order.Role != rolePeer {
		go func() { failed <- c.sampler.Run(ctx, func(g freeze.Gap) { c.gaps <- g }) }()
	}
	if c.order.Role == roleIdle {
		return c.weigh(ctx, failed)
	}
	continued := make(chan os.Signal, 8)
	signal.Notify(continued, syscall.SIGCONT)
	return c.loop(failed, continued)
}

// loop feeds heartbeats and tracker as the exporter's does.
func (c *child) loop(failed <-chan error, continued <-chan os.Signal) error {
	t := c.clk.NewTimer(0)
	defer t.Stop()
	up := false
	for {
		var gaps []freeze.Gap
		ticked := false
		select {
		case err := <-failed:
			return err
		case <-continued:
			c.track.Continued(c.clk.Now())
		case <-t.C():
			ticked = true
		case g := <-c.gaps:
			gaps = append(gaps, g)
		}
		for _, g := range gaps {
			c.service.OwnGap(g)
			if err := c.out.Encode(line{Gap: &g}); err != nil {
				return err
			}
		}
		if answers := c.step(gaps); answers && !up {
			up = true
			_ = c.out.Encode(line{Up: true})
		}
		if !ticked {
			continue
		}
		if c.track.Pending() {
			t.Reset(hurriedTick)
		} else {
			t.Reset(loopTick)
		}
	}
}

// step reports whether the peer answers.
func (c *child) step(gaps []freeze.Gap) bool {
	answering := 0
	for _, p := range c.service.Status() {
		if p.Up {
			answering++
		}
	}
	c.track.SetPeers(answering)
	var steps []freeze.PeerStep
	var missed []freeze.PeerSilence
	for range len(c.effects) {
		switch e := (<-c.effects).(type) {
		case peer.OffsetStep:
			steps = append(steps, e.PeerStep)
			_ = c.out.Encode(line{Step: &e.PeerStep})
		case peer.SilenceTold:
			missed = append(missed, e.PeerSilence)
			_ = c.out.Encode(line{Missed: &e.PeerSilence})
		}
	}
	for _, f := range c.track.Step(c.clk.Now(), gaps, steps, missed, "") {
		_ = c.out.Encode(line{Freeze: &f})
	}
	return answering > 0
}

// weigh tells what processor time the sampler and the heartbeats take.
func (c *child) weigh(ctx context.Context, failed <-chan error) error {
	go func() {
		for {
			select {
			case err := <-failed:
				_ = c.out.Encode(line{Err: err.Error()})
			case <-c.gaps:
			case <-c.effects:
			}
		}
	}()
	const settle = 8 * time.Second // started, and met its peer: heartbeats are slow again
	if err := clock.Sleep(ctx, c.clk, settle); err != nil {
		return err
	}
	before, sent := used(), c.sent()
	if err := clock.Sleep(ctx, c.clk, c.order.For); err != nil {
		return err
	}
	w := Weight{For: c.order.For, CPU: used() - before, Sent: c.sent() - sent}
	if c.service != nil && !c.service.Status()[0].Up {
		return fmt.Errorf("peer %s does not answer", c.order.Peer)
	}
	return c.out.Encode(line{Weight: &w})
}

// sent is how many heartbeats were.
func (c *child) sent() uint64 {
	if c.service == nil {
		return 0
	}
	return c.service.Stats().Sent
}

// used is the processor time of this process so far.
func used() time.Duration {
	var u unix.Rusage
	_ = unix.Getrusage(unix.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
