package peer

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/freeze"
	"powerha_lpm_exporter/internal/model"
)

// Options are those of a Service.
type Options struct {
	Clock   clock.Clock
	Config  Config            // Peers and Session may be left empty
	Listen  string            // UDP address, e.g. ":10983"
	Targets map[string]string // PowerHA node name: host:port; this node itself is left out
	// Events is called for every effect but Send, from the goroutine of Run. It must not block. May be nil.
	Events func(Effect)
	Log    log.Logger // may be nil
}

// Service is a Core with a socket. Without a key or without a target it is
// disabled: it sends and receives nothing, and every peer reads as down.
type Service struct {
	o      Options
	conn   *net.UDPConn // nil when disabled
	wake   chan struct{}
	read   chan Datagram
	target *targets

	mu     sync.Mutex
	core   *Core        // guarded by mu
	local  *LocalState  // the newest, not yet stepped; guarded by mu
	gaps   []freeze.Gap // likewise
	failed uint64       // datagrams that the system did not take; guarded by mu
}

// NewService checks the options and binds the socket, so that a port in use is
// an error at the start. Run closes it.
func NewService(o Options) (*Service, error) {
	if o.Log == nil {
		o.Log = log.NewNopLogger()
	}
	s := &Service{o: o, wake: make(chan struct{}, 1), read: make(chan Datagram, 64), target: newTargets(o.Targets, o.Config.Node)}
	if len(o.Config.Key) == 0 || len(s.target.names) == 0 {
		return s, nil
	}
	o.Config.Peers = s.target.names
	if o.Config.Session == 0 {
		var b [8]byte
		_, _ = rand.Read(b[:]) // never fails
		o.Config.Session = binary.BigEndian.Uint64(b[:])
	}
	core, err := NewCore(o.Config)
	if err != nil {
		return nil, err
	}
	addr, err := net.ResolveUDPAddr("udp", o.Listen)
	if err != nil {
		return nil, fmt.Errorf("peers.listen_address %q: %w", o.Listen, err)
	}
	conn, err := net.ListenUDP("udp", addr)
	if err != nil {
		return nil, fmt.Errorf("peers.listen_address %q: %w", o.Listen, err)
	}
	s.core, s.conn = core, conn
	return s, nil
}

// Enabled reports whether heartbeats are exchanged at all.
func (s *Service) Enabled() bool { return s.conn != nil }

// Addr is the address that is listened on; invalid when disabled.
func (s *Service) Addr() netip.AddrPort {
	if s.conn == nil {
		return netip.AddrPort{}
	}
	return s.conn.LocalAddr().(*net.UDPAddr).AddrPort()
}

// Run exchanges heartbeats until ctx ends and returns ctx's error, or why it
// could not go on. It waits for what it started.
func (s *Service) Run(ctx context.Context) error {
	if s.conn == nil {
		<-ctx.Done()
		return ctx.Err()
	}
	ctx, cancel := context.WithCancel(ctx)
	var wg sync.WaitGroup
	readErr := make(chan error, 1)
	wg.Go(func() { readErr <- s.reader(ctx) })
	wg.Go(func() { s.target.resolve(ctx, s.o.Clock, s.o.Log) })
	err := s.loop(ctx, readErr)
	cancel()
	s.conn.Close()
	wg.Wait()
	return err
}

// reader stamps datagrams as soon as they are read.
func (s *Service) reader(ctx context.Context) error {
	buf := make([]byte, maxSize+1) // one more: what is longer is seen to be
	for {
		n, _, err := s.conn.ReadFromUDPAddrPort(buf)
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			// An ICMP answer to something that we sent may surface here; the socket is still good.
			_ = level.Debug(s.o.Log).Log("msg", "reading a heartbeat", "err", err)
			if err := clock.Sleep(ctx, s.o.Clock, fastInterval); err != nil {
				return err
			}
			continue
		}
		select {
		case s.read <- Datagram{Bytes: slices.Clone(buf[:n]), At: s.o.Clock.Now()}:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// loop steps the core whenever something came or is due.
func (s *Service) loop(ctx context.Context, readErr <-chan error) error {
	timer := s.o.Clock.NewTimer(0)
	defer timer.Stop()
	var in []Input
	for {
		in = in[:0]
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-readErr:
			return fmt.Errorf("peer heartbeats on %s: %w", s.o.Listen, err)
		case d := <-s.read:
			in = append(in, d)
			for range len(s.read) {
				in = append(in, <-s.read)
			}
		case <-s.wake:
		case <-timer.C():
		}
		now := s.o.Clock.Now()
		effects, next := s.step(now, in)
		for _, e := range effects {
			if send, ok := e.(Send); ok {
				s.transmit(send)
			} else if s.o.Events != nil {
				s.o.Events(e)
			}
		}
		timer.Reset(next - now.Mono)
	}
}

// step runs the core. The effects are valid until the next call, which only loop makes.
func (s *Service) step(now model.Instant, in []Input) ([]Effect, time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.local != nil {
		in = append(in, *s.local)
		s.local = nil
	}
	for _, g := range s.gaps {
		in = append(in, OwnGap{g})
	}
	s.gaps = nil
	return s.core.Step(now, in), s.core.Next(now)
}

func (s *Service) transmit(e Send) {
	to, ok := s.target.addr(e.Peer)
	if !ok {
		return // not resolved yet; logged there
	}
	if _, err := s.conn.WriteToUDPAddrPort(e.Bytes, to); err != nil {
		// A route that is missing for a while, or nobody listening yet: the next heartbeat is the retry.
		_ = level.Debug(s.o.Log).Log("msg", "sending a heartbeat", "peer", e.Peer, "to", to, "err", err)
		s.mu.Lock()
		s.failed++
		s.mu.Unlock()
	}
}

// SetLocal changes what is told to the peers. A new phase is sent at once.
func (s *Service) SetLocal(l LocalState) {
	s.mu.Lock()
	s.local = &l
	s.mu.Unlock()
	s.poke()
}

// OwnGap tells of a gap that the detector of this node saw.
func (s *Service) OwnGap(g freeze.Gap) {
	s.mu.Lock()
	if len(s.gaps) < keepGaps {
		s.gaps = append(s.gaps, g)
	}
	s.mu.Unlock()
	s.poke()
}

func (s *Service) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Status is what is known of each peer, by name.
func (s *Service) Status() []model.PeerStatus {
	if s.core == nil {
		var out []model.PeerStatus
		for _, name := range s.target.names {
			out = append(out, model.PeerStatus{Node: name, Phase: model.PhaseUnknown})
		}
		return out
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.core.Status(s.o.Clock.Now())
}

// Stats counts what was sent, accepted and dropped.
func (s *Service) Stats() Stats {
	if s.core == nil {
		return Stats{}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.core.Stats()
	st.SendErrors = s.failed
	return st
}
