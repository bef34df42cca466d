package world

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"powerha_lpm_exporter/internal/sim"
)

// listen takes the socket of the folder. A socket that nobody answers on is a leftover and is replaced.
func listen(d Dir) (net.Listener, error) {
	l, err := net.Listen("unix", d.Socket())
	if err == nil {
		return l, nil
	}
	if c, dialErr := net.Dial("unix", d.Socket()); dialErr == nil {
		_ = c.Close()
		return nil, fmt.Errorf("%s: a simulated cluster runs there already; end it with \"powerha_sim down --dir %s\"", d, d)
	}
	if rmErr := os.Remove(d.Socket()); rmErr != nil {
		return nil, fmt.Errorf("listen on %s: %w", d.Socket(), err)
	}
	if l, err = net.Listen("unix", d.Socket()); err != nil {
		return nil, fmt.Errorf("listen on %s: %w", d.Socket(), err)
	}
	return l, nil
}

// accept serves clients until ctx ends.
func (w *World) accept(ctx context.Context, l net.Listener) {
	stop := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer stop()
	for {
		conn, err := l.Accept()
		if err != nil {
			if ctx.Err() == nil {
				w.log.Error("accept on the socket of the cluster", "err", err)
				w.stop()
			}
			return
		}
		w.task(func() { w.client(ctx, conn) })
	}
}

// stream is one client that waits for frames. A client may be stopped in a freeze, so its frames queue without a limit.
type stream struct {
	frames *mailbox
	write  func(Frame)
	node   string
	moving bool          // it asked for a migration
	since  time.Duration // when, by the core's time
}

func (s *stream) send(f Frame) { s.frames.put(func() { s.write(f) }) }

// client serves one connection: one request, and its frames up to the last.
func (w *World) client(world context.Context, conn net.Conn) {
	ctx, end := context.WithCancel(world)
	defer end()
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	defer conn.Close()
	in := bufio.NewReader(conn)
	line, err := in.ReadBytes('\n')
	if err != nil {
		return // a look whether somebody listens
	}
	out := json.NewEncoder(conn)
	s := &stream{frames: newMailbox()}
	s.write = func(f Frame) {
		if err := out.Encode(f); err != nil || f.Done {
			end()
		}
	}
	var r Request
	if err := json.Unmarshal(line, &r); err != nil {
		s.write(Frame{Done: true, Exit: 2, Error: "read the request: " + err.Error()})
		return
	}
	id := ""
	if !w.call(ctx, func() { id = w.request(world, s, r) }) {
		return
	}
	w.task(func() { // sees the client go
		_, _ = in.ReadByte()
		end()
	})
	for {
		job, ok := s.frames.take(ctx)
		if !ok {
			break
		}
		job()
	}
	w.post(world, func() { w.gone(id, s) })
}

// call runs f in the loop and waits for it.
func (w *World) call(ctx context.Context, f func()) bool {
	done := make(chan struct{})
	if !w.post(ctx, func() { f(); close(done) }) {
		return false
	}
	select {
	case <-done:
		return true
	case <-ctx.Done():
		return false
	}
}

// gone forgets a client that did not wait for the end of its command.
func (w *World) gone(id string, s *stream) {
	if w.clients[id] != s {
		return
	}
	delete(w.clients, id)
	if !s.moving {
		w.inputs = append(w.inputs, sim.CommandGone{ID: id})
	}
}

// request begins what a client asks for; called by the loop. It returns the id of what goes on.
func (w *World) request(ctx context.Context, s *stream, r Request) string {
	if r.Node != "" && !slices.Contains(w.spec.Nodes, r.Node) {
		s.send(Frame{Done: true, Exit: 2, Error: fmt.Sprintf("node %q: the cluster has %s", r.Node, strings.Join(w.spec.Nodes, ", "))})
		return ""
	}
	s.node = r.Node
	switch r.Op {
	case opCommand:
		id := w.newID("c")
		w.clients[id] = s
		w.inputs = append(w.inputs, sim.CommandStarted{ID: id, Node: r.Node, Name: r.Name, Args: r.Args, By: r.By, Locale: r.Locale})
		return id
	case opLPM:
		id := w.newID("m")
		s.moving, s.since = true, w.now()
		w.clients[id] = s
		w.inputs = append(w.inputs, sim.MigrationRequested{
			ID: id, Node: r.Node, Precopy: r.Precopy, Freeze: r.Freeze, AbortAt: r.AbortAt, Die: r.Die,
		})
		return id
	case opPing:
		exit := 0
		if !w.stepped || w.starts > 0 {
			exit = 1 // not ready: the applications are still being started
		}
		s.send(Frame{Done: true, Exit: exit})
	case opStatus:
		s.send(w.status())
	case opDown:
		w.stop()
	case opBoot: // behind a kill that is still going on
		n := w.nodes[r.Node]
		n.do(func() { s.send(w.boot(ctx, n)) })
	default:
		s.send(w.change(r))
	}
	return ""
}

func (w *World) boot(ctx context.Context, n *nodeShell) Frame {
	if err := n.keeper.boot(); err != nil {
		return Frame{Done: true, Exit: 1, Error: fmt.Sprintf("boot node %s: %v", n.name, err)}
	}
	w.tell(ctx, sim.Boot{Node: n.name})
	return Frame{Done: true}
}

// change does what takes effect at once.
func (w *World) change(r Request) Frame {
	var err error
	switch r.Op {
	case opPowerOff:
		w.inputs = append(w.inputs, sim.PowerOff{Node: r.Node})
	case opKillNode:
		w.inputs = append(w.inputs, sim.NodeDied{Node: r.Node})
	case opKnob:
		if err = sim.CheckKnob(r.Name, r.Value); err == nil {
			w.inputs = append(w.inputs, sim.SetKnob{Name: r.Name, Value: r.Value})
		}
	case opRegister:
		err = w.core.RegisterDRScript(r.Node, r.Path, r.Name, r.Info, r.Timeout)
	case opUnregister:
		err = w.core.UnregisterDRScript(r.Node, r.Name)
	default:
		err = errors.New("request " + r.Op + ": not known")
	}
	if err != nil {
		return Frame{Done: true, Exit: 1, Error: err.Error()}
	}
	return Frame{Done: true}
}
