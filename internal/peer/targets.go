package peer

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/go-kit/log"
	"github.com/go-kit/log/level"

	"powerha_lpm_exporter/internal/clock"
)

// How often the names of hosts are looked up: again soon while one has failed.
const (
	resolveEvery   = time.Minute
	resolveRetry   = 5 * time.Second
	resolveTimeout = 5 * time.Second
)

// targets are the addresses of the peers. Looking one up may take long and
// must hold up no heartbeat.
type targets struct {
	names []string
	hosts map[string]string // by name

	mu    sync.Mutex
	addrs map[string]netip.AddrPort // guarded by mu
}

// newTargets takes addresses that need no look-up at once.
func newTargets(hosts map[string]string, self string) *targets {
	t := &targets{hosts: maps.Clone(hosts), addrs: make(map[string]netip.AddrPort)}
	delete(t.hosts, self)
	t.names = slices.Sorted(maps.Keys(t.hosts))
	for name, host := range t.hosts {
		if a, err := netip.ParseAddrPort(host); err == nil {
			t.addrs[name] = netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
			delete(t.hosts, name)
		}
	}
	return t
}

func (t *targets) addr(name string) (netip.AddrPort, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	a, ok := t.addrs[name]
	return a, ok
}

// resolve looks names up until ctx ends. An address that was found stays until
// another one is.
func (t *targets) resolve(ctx context.Context, clk clock.Clock, logger log.Logger) {
	if len(t.hosts) == 0 {
		return
	}
	failing := make(map[string]bool)
	for {
		wait := resolveEvery
		for name, host := range t.hosts {
			a, err := lookup(ctx, clk, host)
			if ctx.Err() != nil {
				return
			}
			if err != nil {
				wait = resolveRetry
				if !failing[name] {
					_ = level.Warn(logger).Log("msg", "peer's address not found; heartbeats wait for it", "peer", name, "err", err)
				}
				failing[name] = true
				continue
			}
			failing[name] = false
			t.mu.Lock()
			t.addrs[name] = a
			t.mu.Unlock()
		}
		if clock.Sleep(ctx, clk, wait) != nil {
			return
		}
	}
}

func lookup(ctx context.Context, clk clock.Clock, hostport string) (netip.AddrPort, error) {
	host, port, err := net.SplitHostPort(hostport)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("peers.targets %q: want host:port: %w", hostport, err)
	}
	n, err := strconv.ParseUint(port, 10, 16)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("peers.targets %q: port: %w", hostport, err)
	}
	ctx, cancel := clk.WithTimeout(ctx, resolveTimeout)
	defer cancel()
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("peers.targets %q: %w", hostport, err)
	}
	return netip.AddrPortFrom(ips[0].Unmap(), uint16(n)), nil
}
