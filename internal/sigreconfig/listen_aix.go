package sigreconfig

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"unsafe"
)

// Supported reports whether this system has the signal.
const Supported = true

// Run tells of each signal until ctx ends. With the mode ignore it takes this process out of those that get it: the Go
// runtime catches every signal, so a process that does nothing about it may cost the system its time-out in each phase.
func (l Listener) Run(ctx context.Context, emit func(Event)) error {
	if l.Mode == Ignore {
		signal.Ignore(syscall.SIGRECONFIG)
		<-ctx.Done()
		return nil
	}
	// One is pending at most, as in the system itself: the query tells the present phase.
	raw, told := make(chan os.Signal, 1), make(chan struct{})
	signal.Notify(raw, syscall.SIGRECONFIG)
	defer signal.Stop(raw)
	ctx, stop := context.WithCancel(ctx)
	passed := make(chan struct{})
	go func() {
		defer close(passed)
		for {
			select {
			case <-ctx.Done():
				return
			case <-raw:
			}
			select {
			case <-ctx.Done():
				return
			case told <- struct{}{}:
			}
		}
	}()
	defer func() { stop(); <-passed }()
	return l.listen(ctx, system{signals: told, query: query, done: done}, emit)
}

// The flags of dr_reconfig, <sys/dr.h>. DR_EVENT_FAIL, which vetoes, is not ours to use.
const (
	drQuery        = 1
	drReconfigDone = 4
)

func query(buf []byte) error { return drReconfig(drQuery, buf) }

func done(buf []byte) error { return drReconfig(drReconfigDone, buf) }

// drReconfig is int dr_reconfig(int flags, dr_info_t *info) of libc.
func drReconfig(flags uintptr, buf []byte) error {
	r, _, errno := syscall6(uintptr(unsafe.Pointer(&libc_dr_reconfig)), 2, flags, uintptr(unsafe.Pointer(&buf[0])), 0, 0, 0, 0)
	runtime.KeepAlive(buf)
	if int32(r) == -1 {
		return fmt.Errorf("dr_reconfig(%d): %w", flags, errno)
	}
	return nil
}

// libc without cgo, in the way of golang.org/x/sys/unix: the address of the
// imported symbol is the call's trap number.

//go:cgo_import_dynamic libc_dr_reconfig dr_reconfig "libc.a/shr_64.o"

//go:linkname libc_dr_reconfig libc_dr_reconfig

type libcFunc uintptr

var libc_dr_reconfig libcFunc

// syscall6 calls a function of libc that may wait; asm_aix_ppc64.s jumps to package syscall's own.
func syscall6(trap, nargs, a1, a2, a3, a4, a5, a6 uintptr) (r1, r2 uintptr, err syscall.Errno)
