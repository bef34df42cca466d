package world

import (
	"context"
	"fmt"
	"io"
	"net"
	"strconv"

	"powerha_lpm_exporter/internal/sim/app"
)

// The service address of a group is a port of the world, which passes each connection on to the instance that took the
// address last. So a takeover moves the address away from a frozen node, as a gratuitous ARP does.

func listenService(g GroupSpec) (net.Listener, error) {
	l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(g.ServicePort)))
	if err != nil {
		return nil, fmt.Errorf("service address of group %s: choose another --app-port: %w", g.Name, err)
	}
	return l, nil
}

func (w *World) serveService(ctx context.Context, g GroupSpec, l net.Listener) {
	stop := context.AfterFunc(ctx, func() { _ = l.Close() })
	defer stop()
	for {
		conn, err := l.Accept()
		if err != nil {
			if ctx.Err() == nil {
				w.log.Error("service address", "group", g.Name, "err", err)
			}
			return
		}
		w.task(func() { w.pass(ctx, w.dir.Shared(g.Name), conn) })
	}
}

// pass joins a connection to the holder of the address. Without one it is closed.
func (w *World) pass(ctx context.Context, shared string, conn net.Conn) {
	ctx, end := context.WithCancel(ctx)
	defer end()
	defer conn.Close()
	holder, err := app.ReadService(shared)
	if err != nil {
		return
	}
	var dial net.Dialer
	back, err := dial.DialContext(ctx, "tcp", holder.Address)
	if err != nil {
		return
	}
	defer back.Close()
	stop := context.AfterFunc(ctx, func() { _, _ = conn.Close(), back.Close() })
	defer stop()
	w.task(func() {
		defer end()
		_, _ = io.Copy(conn, back)
	})
	_, _ = io.Copy(back, conn)
	if half, ok := back.(*net.TCPConn); ok && ctx.Err() == nil {
		_ = half.CloseWrite()
	}
	<-ctx.Done()
}
