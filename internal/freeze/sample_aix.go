package freeze

import (
	"encoding/binary"
	"syscall"
	"time"
	"unsafe"

	"powerha_lpm_exporter/internal/clock"
)

// Reader reads the clocks of this node, and for how long its partition was dispatched.
type Reader struct{ info [lparInfoSize]byte }

// NewReader returns a reader; it has to be closed.
func NewReader() *Reader { return &Reader{} }

// Close does nothing on AIX.
func (r *Reader) Close() {}

// Read takes a sample; Tick is left to the caller. AIX has neither CLOCK_MONOTONIC_RAW nor CLOCK_BOOTTIME and tells a
// thread nothing about its wait for a processor. It has the time base register and the partition's dispatch time.
func (r *Reader) Read() Sample {
	s := ReadSample()
	if d, ok := r.dispatched(); ok {
		s.Dispatched = d
		s.Has |= HasDispatched
	}
	return s
}

// ReadSample reads the clocks alone; Tick is left to the caller.
func ReadSample() Sample {
	return Sample{Mono: clock.Monotonic(), Base: baseTime(timeBase()), Real: time.Now().UTC().Round(0), Has: HasBase}
}

// lparInfoSize is more than lpar_info_format2_t of <sys/dr.h> has; tot_dispatch_time, nanoseconds, stands at 16.
const (
	lparInfoFormat2 = 2
	lparInfoSize    = 512
	totDispatchTime = 16
)

// dispatched asks lpar_get_info(2), which any user may call and which runs no command.
func (r *Reader) dispatched() (time.Duration, bool) {
	n, _, _ := rawSyscall6(uintptr(unsafe.Pointer(&libc_lpar_get_info)), 3,
		lparInfoFormat2, uintptr(unsafe.Pointer(&r.info)), lparInfoSize, 0, 0, 0)
	if int32(n) != 0 {
		return 0, false
	}
	d := time.Duration(binary.BigEndian.Uint64(r.info[totDispatchTime:]))
	return d, d > 0
}

// libc without cgo, as in package clock.

//go:cgo_import_dynamic libc_lpar_get_info lpar_get_info "libc.a/shr_64.o"

//go:linkname libc_lpar_get_info libc_lpar_get_info

type libcFunc uintptr

var libc_lpar_get_info libcFunc

// rawSyscall6 calls a function of libc that never blocks; asm_aix_ppc64.s jumps to package syscall's own.
func rawSyscall6(trap, nargs, a1, a2, a3, a4, a5, a6 uintptr) (r1, r2 uintptr, err syscall.Errno)
