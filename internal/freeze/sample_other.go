//go:build !linux && !aix

package freeze

import (
	"time"

	"powerha_lpm_exporter/internal/clock"
)

// Reader reads the clocks of this node.
type Reader struct{}

// NewReader returns a reader; it has to be closed.
func NewReader() *Reader { return &Reader{} }

// Read takes a sample; Tick is left to the caller.
func (r *Reader) Read() Sample { return ReadSample() }

// Close does nothing on this system.
func (r *Reader) Close() {}

// ReadSample reads the clocks; Tick is left to the caller.
func ReadSample() Sample {
	return Sample{Mono: clock.Monotonic(), Real: time.Now().UTC().Round(0)}
}
