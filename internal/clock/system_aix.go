package clock

import (
	"fmt"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// Ids of <sys/time.h> on AIX.
const clockMonotonic = 10

// System is the clock of this node. Go's timers run on CLOCK_REALTIME on AIX
// (runtime/os_aix.go, Go 1.26), so they are only hints here; see watched.
func System() Clock { return newWatched(read, goHint, pollPause) }

// pollPause waits by poll(2), whose timeout is relative: setting the time of
// day neither cuts it short nor prolongs it.
func pollPause(d time.Duration) {
	_, _ = unix.Poll(nil, int(d.Milliseconds()))
}

// timespec is struct timespec of 64-bit AIX.
type timespec struct{ sec, nsec int64 }

func monotonic() time.Duration {
	var ts timespec
	r, _, errno := rawSyscall6(uintptr(unsafe.Pointer(&libc_clock_gettime)), 2,
		clockMonotonic, uintptr(unsafe.Pointer(&ts)), 0, 0, 0, 0)
	if int32(r) == -1 {
		// AIX 5.2 and later have this clock; without it nothing here can be measured or waited for safely.
		panic(fmt.Sprintf("clock_gettime(CLOCK_MONOTONIC): %v", errno))
	}
	return time.Duration(ts.sec)*time.Second + time.Duration(ts.nsec)
}

// libc without cgo, in the way of golang.org/x/sys/unix: the address of the
// imported symbol is the call's trap number.

//go:cgo_import_dynamic libc_clock_gettime clock_gettime "libc.a/shr_64.o"

//go:linkname libc_clock_gettime libc_clock_gettime

type libcFunc uintptr

var libc_clock_gettime libcFunc

// rawSyscall6 calls a function of libc that never blocks; asm_aix_ppc64.s
// jumps to package syscall's own.
func rawSyscall6(trap, nargs, a1, a2, a3, a4, a5, a6 uintptr) (r1, r2 uintptr, err syscall.Errno)
