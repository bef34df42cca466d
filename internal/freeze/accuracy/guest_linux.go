package accuracy

import (
	"fmt"
	"os"
	"sync/atomic"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/freeze"
	"powerha_lpm_exporter/internal/model"
)

// guest are the clocks of a guest that stand still while it is frozen: those of
// this machine less what was frozen so far, which the parent keeps in a file
// that both have mapped. The parent raises it while the guest is stopped.
type guest struct {
	mem    []byte
	frozen *atomic.Int64 // nanoseconds
}

// mapGuest maps the file, which has to exist and is made as long as it has to be.
func mapGuest(path string) (*guest, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("clock of the guest: %w", err)
	}
	defer f.Close()
	size := int(unsafe.Sizeof(atomic.Int64{}))
	if err := f.Truncate(int64(size)); err != nil {
		return nil, fmt.Errorf("clock of the guest: %w", err)
	}
	mem, err := unix.Mmap(int(f.Fd()), 0, size, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	if err != nil {
		return nil, fmt.Errorf("clock of the guest: map %s: %w", path, err)
	}
	return &guest{mem: mem, frozen: (*atomic.Int64)(unsafe.Pointer(&mem[0]))}, nil // page-aligned
}

func (g *guest) close() { _ = unix.Munmap(g.mem) }

// behind is by how much the guest's clocks are.
func (g *guest) behind() time.Duration { return time.Duration(g.frozen.Load()) }

// lag is the same, 0 where there is no guest.
func (g *guest) lag() time.Duration {
	if g == nil {
		return 0
	}
	return g.behind()
}

// steady calls read until no freeze fell into it, and returns what the guest's clocks were behind meanwhile.
func (g *guest) steady(read func()) time.Duration {
	for {
		before := g.behind()
		read()
		if g.behind() == before {
			return before
		}
	}
}

// reader reads all clocks of the guest.
func (g *guest) reader(r *freeze.Reader) func() freeze.Sample {
	return func() (s freeze.Sample) {
		behind := g.steady(func() { s = r.Read() })
		s.Mono -= behind
		s.Raw -= behind
		s.Boot -= behind
		s.Real = s.Real.Add(-behind)
		return s
	}
}

// guestClock tells the guest's time. Its timers run on in a freeze, so that
// they may fire early by the guest's clocks; whoever waits looks at the clock.
type guestClock struct {
	clock.Clock
	guest *guest
}

func (c guestClock) Now() (now model.Instant) {
	behind := c.guest.steady(func() { now = c.Clock.Now() })
	return model.Instant{Wall: now.Wall.Add(-behind), Mono: now.Mono - behind}
}
