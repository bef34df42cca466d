package freeze

import (
	"time"

	"golang.org/x/sys/unix"
)

// Reader reads the clocks of this node, and what this process waited for a
// processor. It belongs to one goroutine.
type Reader struct{ delay runDelay }

// NewReader returns a reader; it has to be closed.
func NewReader() *Reader { return &Reader{} }

// Read takes a sample; Tick is left to the caller.
func (r *Reader) Read() Sample {
	s := ReadSample()
	if d, ok := r.delay.read(); ok {
		s.RunDelay = d
		s.Has |= HasRunDelay
	}
	return s
}

// Close releases what the reader holds open.
func (r *Reader) Close() { r.delay.close() }

// ReadSample reads the clocks alone; Tick is left to the caller.
func ReadSample() Sample {
	return Sample{
		Mono: get(unix.CLOCK_MONOTONIC),
		Raw:  get(unix.CLOCK_MONOTONIC_RAW),
		Boot: get(unix.CLOCK_BOOTTIME),
		Real: time.Unix(0, int64(get(unix.CLOCK_REALTIME))).UTC(),
		Has:  HasRaw | HasBoot,
	}
}

// get reads a clock that every Linux since 2.6.39 has.
func get(id int32) time.Duration {
	var ts unix.Timespec
	_ = unix.ClockGettime(id, &ts)
	return time.Duration(ts.Nano())
}
