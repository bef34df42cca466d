//go:build ppc64 || ppc64le

package freeze

import (
	"math/bits"
	"time"
)

// baseFrequency is that of the time base register on POWER6 and later, in hertz ("512 ticks per microsecond", IBM on
// read_real_time).
const baseFrequency = 512_000_000

// timeBase reads the time base register: mfspr 268, which needs no privilege (Power ISA, book II, 6.2).
func timeBase() uint64

// baseTime makes nanoseconds of ticks. They wrap after 292 years of uptime.
func baseTime(ticks uint64) time.Duration {
	hi, lo := bits.Mul64(ticks, uint64(time.Second))
	ns, _ := bits.Div64(hi%baseFrequency, lo, baseFrequency)
	return time.Duration(ns)
}
