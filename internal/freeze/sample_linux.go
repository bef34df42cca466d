package freeze

import (
	"time"

	"golang.org/x/sys/unix"
)

// ReadSample reads the clocks and the run delay of the calling thread; Tick is
// left to the caller, who has to be locked to its thread for the run delay to
// mean anything.
func ReadSample() Sample {
	var s Sample
	s.Mono = get(unix.CLOCK_MONOTONIC)
	s.Raw = get(unix.CLOCK_MONOTONIC_RAW)
	s.Boot = get(unix.CLOCK_BOOTTIME)
	s.Real = time.Unix(0, int64(get(unix.CLOCK_REALTIME))).UTC()
	s.Has = HasRaw | HasBoot
	if d, ok := readRunDelay(); ok {
		s.RunDelay = d
		s.Has |= HasRunDelay
	}
	return s
}

// get reads a clock that every Linux since 2.6.39 has.
func get(id int32) time.Duration {
	var ts unix.Timespec
	_ = unix.ClockGettime(id, &ts)
	return time.Duration(ts.Nano())
}

// readRunDelay reads the second field of /proc/thread-self/schedstat (Linux,
// Documentation/scheduler/sched-stats.rst): nanoseconds spent waiting on a run
// queue. Kernels without CONFIG_SCHED_INFO lack it.
func readRunDelay() (time.Duration, bool) {
	fd, err := unix.Open("/proc/thread-self/schedstat", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, false
	}
	defer unix.Close(fd)
	var buf [64]byte
	n, err := unix.Read(fd, buf[:])
	if err != nil || n <= 0 {
		return 0, false
	}
	return parseRunDelay(buf[:n])
}

// parseRunDelay takes the second of three decimal numbers.
func parseRunDelay(b []byte) (time.Duration, bool) {
	i := 0
	for i < len(b) && b[i] != ' ' {
		i++
	}
	i++
	var v time.Duration
	digits := 0
	for ; i < len(b) && b[i] >= '0' && b[i] <= '9' && digits < 18; i++ {
		v = v*10 + time.Duration(b[i]-'0')
		digits++
	}
	if digits == 0 || i >= len(b) || b[i] != ' ' {
		return 0, false
	}
	return v, true
}
