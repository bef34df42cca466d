package freeze

import (
	"encoding/binary"
	"slices"
	"strconv"
	"time"

	"golang.org/x/sys/unix"
)

const maxThreads = 128

// delays adds up, reading by reading, how long threads of this process waited
// for a processor. The sampler's own wait is not all: after its sleep the Go
// scheduler has to give it a P, the thread that holds one may be waiting
// itself, and one such wait may follow the other.
//
// The source is the second field of /proc/<pid>/task/<tid>/schedstat (Linux,
// Documentation/scheduler/sched-stats.rst): nanoseconds on a run queue. A
// kernel without CONFIG_SCHED_INFO lacks the file.
type delays struct {
	dir     int // /proc/self/task; 0 before it is opened
	threads []threadDelay
	buf     []byte // of a directory
	most    time.Duration
	all     time.Duration
}

type threadDelay struct {
	tid, fd int
	last    time.Duration
}

// read returns the sums so far, of the most delayed thread of each reading and
// of all threads; false where the system does not tell.
func (r *delays) read() (most, all time.Duration, ok bool) {
	var m time.Duration
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
		m = max(m, d-t.last)
		r.all += d - t.last
		t.last = d
	}
	if gone {
		r.threads = slices.DeleteFunc(r.threads, func(t threadDelay) bool { return t.fd < 0 })
	}
	m = max(m, r.list())
	r.most += m
	return r.most, r.all, len(r.threads) > 0
}

// list takes in threads that are new: born since the last reading, so that all
// of their wait belongs to this one. It returns the longest.
func (r *delays) list() (most time.Duration) {
	first := r.dir == 0
	if first {
		fd, err := unix.Open("/proc/self/task", unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		if err != nil {
			return 0
		}
		r.dir, r.buf = fd, make([]byte, 4096)
	}
	if _, err := unix.Seek(r.dir, 0, 0); err != nil {
		return 0
	}
	for {
		n, err := unix.ReadDirent(r.dir, r.buf)
		if err != nil || n <= 0 {
			return most
		}
		for rest := r.buf[:n]; len(rest) > 0; {
			var tid int
			tid, rest = nextThread(rest)
			if tid <= 0 || len(r.threads) >= maxThreads || slices.ContainsFunc(r.threads, func(t threadDelay) bool { return t.tid == tid }) {
				continue
			}
			d, ok := r.open(tid)
			if ok && !first {
				most = max(most, d)
				r.all += d
			}
		}
	}
}

// open begins to watch a thread and returns what it has waited until now.
func (r *delays) open(tid int) (time.Duration, bool) {
	fd, err := unix.Open("/proc/self/task/"+strconv.Itoa(tid)+"/schedstat", unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return 0, false // it is gone already
	}
	d, ok := readDelay(fd)
	if !ok {
		unix.Close(fd)
		return 0, false
	}
	r.threads = append(r.threads, threadDelay{tid, fd, d})
	return d, true
}

// nextThread takes the first entry, struct linux_dirent64 of getdents64(2),
// and returns its name as a number, 0 when it is none. It allocates nothing.
func nextThread(b []byte) (tid int, rest []byte) {
	const reclen, name = 16, 19
	if len(b) <= name {
		return 0, nil
	}
	n := int(binary.NativeEndian.Uint16(b[reclen:]))
	if n <= name || n > len(b) {
		return 0, nil
	}
	for _, c := range b[name:n] {
		if c == 0 {
			return tid, b[n:]
		}
		if c < '0' || c > '9' || tid > 1<<30 {
			return 0, b[n:]
		}
		tid = tid*10 + int(c-'0')
	}
	return 0, b[n:]
}

// close closes the files.
func (r *delays) close() {
	for _, t := range r.threads {
		unix.Close(t.fd)
	}
	if r.dir > 0 {
		unix.Close(r.dir)
	}
	*r = delays{}
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
