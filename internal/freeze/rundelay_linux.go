package freeze

import (
	"os"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

const (
	maxThreads = 64
	// relist is after how many readings to look for new threads.
	relist = 64
)

// runDelay adds up, reading by reading, how long the most delayed thread of
// this process waited for a processor. The sampler's own is not enough: after
// its sleep the Go scheduler has to give it a P, and the thread that holds one
// may be the one that waits.
//
// The source is the second field of /proc/<pid>/task/<tid>/schedstat (Linux,
// Documentation/scheduler/sched-stats.rst): nanoseconds on a run queue. A
// kernel without CONFIG_SCHED_INFO lacks the file.
type runDelay struct {
	threads  []threadDelay
	sum      time.Duration
	readings int
}

type threadDelay struct {
	tid, fd int
	last    time.Duration
}

// read returns the sum so far, or false where the system does not tell.
func (r *runDelay) read() (time.Duration, bool) {
	var most time.Duration
	gone := false
	for i := range r.threads {
		t := &r.threads[i]
		d, ok := readDelay(t.fd)
		if !ok {
			gone = true
			unix.Close(t.fd)
			t.fd = -1
			continue
		}
		most = max(most, d-t.last)
		t.last = d
	}
	r.sum += most
	if gone {
		r.threads = slices.DeleteFunc(r.threads, func(t threadDelay) bool { return t.fd < 0 })
	}
	if r.readings%relist == 0 {
		r.list()
	}
	r.readings++
	return r.sum, len(r.threads) > 0
}

// list takes in threads that are new.
func (r *runDelay) list() {
	dir, err := os.Open("/proc/self/task")
	if err != nil {
		return
	}
	defer dir.Close()
	names, _ := dir.Readdirnames(-1)
	for _, name := range names {
		tid, err := strconv.Atoi(name)
		if err != nil || len(r.threads) >= maxThreads || slices.ContainsFunc(r.threads, func(t threadDelay) bool { return t.tid == tid }) {
			continue
		}
		fd, err := unix.Open("/proc/self/task/"+name+"/schedstat", unix.O_RDONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			continue
		}
		d, ok := readDelay(fd)
		if !ok {
			unix.Close(fd)
			continue
		}
		r.threads = append(r.threads, threadDelay{tid, fd, d})
	}
}

// close closes the files.
func (r *runDelay) close() {
	for _, t := range r.threads {
		unix.Close(t.fd)
	}
	r.threads = nil
}

func readDelay(fd int) (time.Duration, bool) {
	var buf [64]byte
	n, err := unix.Pread(fd, buf[:], 0)
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
