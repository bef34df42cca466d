package freeze

import (
	"math"
	"time"

	"golang.org/x/sys/unix"
)

// Reader reads the clocks of this node, and what this process waited for a
// processor. It belongs to one goroutine.
type Reader struct{ delay delays }

// NewReader returns a reader; it has to be closed.
func NewReader() *Reader { return &Reader{} }

// Read takes a sample; Tick is left to the caller.
func (r *Reader) Read() Sample {
	s := ReadSample()
	if most, all, ok := r.delay.read(); ok {
		s.RunDelay, s.Waits = most, all
		s.Has |= HasRunDelay
	}
	return s
}

// Close releases what the reader holds open.
func (r *Reader) Close() { r.delay.close() }

// together is how long reading all clocks takes at most, unless the thread has
// to wait in the midst of it; then they are read again, a few times.
const (
	together = 100 * time.Microsecond
	attempts = 5
)

// ReadSample reads the clocks alone; Tick is left to the caller.
func ReadSample() Sample {
	var best Sample
	least := time.Duration(math.MaxInt64)
	for range attempts {
		before := get(unix.CLOCK_MONOTONIC)
		s := Sample{
			Raw:  get(unix.CLOCK_MONOTONIC_RAW),
			Boot: get(unix.CLOCK_BOOTTIME),
			Real: time.Unix(0, int64(get(unix.CLOCK_REALTIME))).UTC(),
			Mono: get(unix.CLOCK_MONOTONIC),
			Has:  HasRaw | HasBoot,
		}
		if took := s.Mono - before; took < least {
			best, least = s, took
		}
		if least <= together {
			break
		}
	}
	return best
}

// get reads a clock that every Linux since 2.6.39 has.
func get(id int32) time.Duration {
	var ts unix.Timespec
	_ = unix.ClockGettime(id, &ts)
	return time.Duration(ts.Nano())
}
