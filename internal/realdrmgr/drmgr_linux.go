package realdrmgr

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"

	"powerha_lpm_exporter/internal/command"
)

// drmgrTimeout is for one run of drmgr: it sleeps five seconds of its own before a suspension.
const drmgrTimeout = 2 * time.Minute

// Status of ibm,suspend-me that drmgr knows (powerpc-utils, rtas_calls.h), and one for a failure.
const (
	Suspended      int32 = 0
	NotSuspendable int32 = -9004 // not now: drmgr runs the hooks and asks again
	HardwareError  int32 = -1
)

// Ran is one run of drmgr.
type Ran struct {
	Exit   int
	Output string // what the user of the HMC gets: both streams
	Hooks  []HookRan
}

// HookRan is one run of one hook, as drmgr's own log tells.
type HookRan struct {
	Path  string
	Phase string // check, undocheck, pre, post
	Exit  int    // -1: not told
}

// Phases lists the phases in which hooks ran, in their order.
func (r Ran) Phases() (out []string) {
	for _, h := range r.Hooks {
		out = append(out, h.Phase)
	}
	return out
}

// Check is the phase in which a hook may veto.
func (r *Root) Check(ctx context.Context) (Ran, error) { return r.drmgr(ctx, "check") }

// Migrate is a migration of a kernel that does the suspension itself: drmgr
// writes the stream to sysfs and the write returns after the suspension. The
// function is called in between, as the hypervisor, so it may stop what it
// likes and let it go on. An error of it is returned.
func (r *Root) Migrate(ctx context.Context, suspend func() error) (Ran, error) {
	if err := os.WriteFile(r.path(apiVersion), []byte("1\n"), 0o644); err != nil { //nolint:gosec // as the kernel's is
		return Ran{}, err
	}
	k, err := openKernel(r.path(migration))
	if err != nil {
		return Ran{}, err
	}
	return r.beside(ctx, k, func() error {
		if err := k.asked(); err != nil {
			return err
		}
		if err := suspend(); err != nil {
			return err
		}
		return k.goOn()
	})
}

// MigrateByFirmware is one of an older kernel: drmgr calls the firmware itself.
// The function is called for each ibm,suspend-me, counted from 1, and returns its status.
func (r *Root) MigrateByFirmware(ctx context.Context, suspendMe func(call int) int32) (Ran, error) {
	if err := os.WriteFile(r.path(apiVersion), []byte("0\n"), 0o644); err != nil { //nolint:gosec // as the kernel's is
		return Ran{}, err
	}
	f, err := openFirmware(r.path(firmwareCall), r.path(firmwareStatus))
	if err != nil {
		return Ran{}, err
	}
	return r.beside(ctx, f, func() error {
		for n := 1; ; n++ {
			if err := f.called(); err != nil {
				return err
			}
			status := suspendMe(n)
			if err := f.answer(status); err != nil || status != NotSuspendable {
				return err
			}
		}
	})
}

// beside runs drmgr's pre phase and, beside it, what it waits for. The latter ends with drmgr.
func (r *Root) beside(ctx context.Context, c io.Closer, hypervisor func() error) (Ran, error) {
	done := make(chan error, 1)
	go func() { done <- hypervisor() }()
	ran, err := r.drmgr(ctx, "pre")
	closed := c.Close() // a hypervisor that was never asked ends by this
	seen := <-done
	if errors.Is(seen, os.ErrClosed) {
		seen = errors.New("drmgr ended without asking for the suspension")
	}
	return ran, errors.Join(err, seen, closed)
}

func (r *Root) drmgr(ctx context.Context, phase string) (Ran, error) {
	logged := r.logSize()
	argv := append(append([]string(nil), r.argv...), "-m", "-c", "pmig", "-p", phase, "-s", "0x1", "-d", "4")
	out, err := r.run.Query(ctx, command.Query{Name: "drmgr", Argv: argv, Timeout: drmgrTimeout})
	if err != nil {
		return Ran{}, err
	}
	b, err := os.ReadFile(r.path(drmgrLog))
	if err != nil {
		return Ran{}, fmt.Errorf("read drmgr's log: %w", err)
	}
	return Ran{
		Exit: out.Exit, Output: string(out.Stdout) + string(out.Stderr), Hooks: parseLog(string(b[min(logged, len(b)):])),
	}, nil
}

func (r *Root) logSize() int {
	b, _ := os.ReadFile(r.path(drmgrLog))
	return len(b)
}

// parseLog reads what drmgr logs of hooks at detail level 4.
func parseLog(text string) (out []HookRan) {
	begun := regexp.MustCompile(`^Running hook '(.+)' for phase (\w+)`)
	ended := regexp.MustCompile(`^hook '(.+)' exited with status (-?\d+)`)
	for line := range strings.Lines(text) {
		if m := begun.FindStringSubmatch(line); m != nil {
			out = append(out, HookRan{Path: m[1], Phase: m[2], Exit: -1})
		}
		if m := ended.FindStringSubmatch(line); m != nil && len(out) > 0 && out[len(out)-1].Path == m[1] {
			out[len(out)-1].Exit, _ = strconv.Atoi(m[2])
		}
	}
	return out
}

// kernel stands for /sys/kernel/mobility/migration. It is a full pipe, so that
// drmgr's write waits until it is let go on, and its opening is told by inotify.
type kernel struct {
	pipe   *os.File
	opened *os.File
	full   int
}

func openKernel(path string) (*kernel, error) {
	// Both ends, so that the pipe stays; without blocking, so that Close ends a wait.
	pipe, err := os.OpenFile(path, os.O_RDWR|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	k := &kernel{pipe: pipe}
	if k.full, err = fill(pipe); err != nil {
		return nil, errors.Join(err, pipe.Close())
	}
	fd, err := unix.InotifyInit1(unix.IN_CLOEXEC | unix.IN_NONBLOCK)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("inotify_init1: %w", err), pipe.Close())
	}
	k.opened = os.NewFile(uintptr(fd), "inotify") //nolint:gosec // a descriptor
	if _, err := unix.InotifyAddWatch(fd, path, unix.IN_OPEN); err != nil {
		return nil, errors.Join(fmt.Errorf("watch %s: %w", path, err), k.Close())
	}
	return k, nil
}

// fill makes the pipe as small as may be and writes into it until nothing fits any more.
func fill(pipe *os.File) (int, error) {
	raw, err := pipe.SyscallConn()
	if err != nil {
		return 0, err
	}
	n := 0
	var failed error
	err = raw.Control(func(fd uintptr) {
		size, err := unix.FcntlInt(fd, unix.F_SETPIPE_SZ, os.Getpagesize())
		if err != nil {
			failed = fmt.Errorf("F_SETPIPE_SZ: %w", err)
			return
		}
		for n < size {
			wrote, err := unix.Write(int(fd), make([]byte, size-n)) //nolint:gosec // a descriptor
			if err != nil {
				failed = fmt.Errorf("fill a pipe: %w", err)
				return
			}
			n += wrote
		}
	})
	return n, errors.Join(err, failed)
}

// asked waits until drmgr has opened the file: its next call is the write that waits.
func (k *kernel) asked() error {
	_, err := io.ReadFull(k.opened, make([]byte, unsafe.Sizeof(unix.InotifyEvent{})))
	return err
}

// goOn lets the write return and looks at what was written.
func (k *kernel) goOn() error {
	if _, err := io.ReadFull(k.pipe, make([]byte, k.full)); err != nil {
		return err
	}
	const stream = "0x1\n"
	b := make([]byte, len(stream))
	if _, err := io.ReadFull(k.pipe, b); err != nil {
		return err
	}
	if string(b) != stream {
		return fmt.Errorf("drmgr wrote %q to the kernel, not %q", b, stream)
	}
	return nil
}

func (k *kernel) Close() error { return errors.Join(k.pipe.Close(), k.opened.Close()) }

// platform stands for the firmware: the other side of the code in firmware_linux.go.
type platform struct{ call, status *os.File }

func openFirmware(call, status string) (*platform, error) {
	c, err := os.OpenFile(call, os.O_RDWR|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	s, err := os.OpenFile(status, os.O_RDWR|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return &platform{c, s}, nil
}

func (p *platform) called() error {
	_, err := io.ReadFull(p.call, make([]byte, 4))
	return err
}

func (p *platform) answer(status int32) error {
	_, err := p.status.Write(binary.LittleEndian.AppendUint32(nil, uint32(status))) //nolint:gosec // the bits are meant
	return err
}

func (p *platform) Close() error { return errors.Join(p.call.Close(), p.status.Close()) }
