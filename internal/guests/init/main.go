//go:build linux

// Init is the first program of a guest of the test: the kernels of Debian have
// no network driver built in, so it loads one, gives the interface its address
// and becomes the exporter. What a partition's kernel and network would be
// there for already is all that it does: it mounts nothing and makes nothing.
package main

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "init:", err)
		time.Sleep(time.Hour)
	}
}

func run() error {
	modules, err := filepath.Glob("/modules/*.ko")
	if err != nil {
		return err
	}
	slices.Sort(modules)
	for _, m := range modules {
		if err := load(m); err != nil {
			return fmt.Errorf("load %s: %w", m, err)
		}
	}
	address, err := os.ReadFile("/address")
	if err != nil {
		return err
	}
	ip, err := netip.ParseAddr(strings.TrimSpace(string(address)))
	if err != nil {
		return err
	}
	for range 100 {
		if err = configure("eth0", ip); err == nil {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	if err != nil {
		return fmt.Errorf("configure eth0: %w", err)
	}
	return syscall.Exec("/exporter", []string{"/exporter", "--allow-root"}, nil)
}

func load(path string) error {
	fd, err := unix.Open(path, unix.O_RDONLY, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	return unix.FinitModule(fd, "", 0)
}

// request is struct ifreq of netdevice(7).
type request struct {
	name [16]byte
	data [24]byte
}

func configure(name string, ip netip.Addr) error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	address := func(a [4]byte) (out [24]byte) {
		*(*uint16)(unsafe.Pointer(&out)) = unix.AF_INET
		copy(out[4:], a[:])
		return out
	}
	var up [24]byte
	*(*uint16)(unsafe.Pointer(&up)) = unix.IFF_UP | unix.IFF_RUNNING
	for _, step := range []struct {
		call uintptr
		data [24]byte
	}{
		{unix.SIOCSIFADDR, address(ip.As4())}, {unix.SIOCSIFNETMASK, address([4]byte{255, 255, 255, 0})}, {unix.SIOCSIFFLAGS, up},
	} {
		r := request{data: step.data}
		copy(r.name[:], name)
		if _, _, errno := unix.Syscall(unix.SYS_IOCTL, uintptr(fd), step.call, uintptr(unsafe.Pointer(&r))); errno != 0 {
			return errno
		}
	}
	return nil
}
