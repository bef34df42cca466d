package realdrmgr

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"golang.org/x/sys/unix"

	"powerha_lpm_exporter/internal/command"
)

// Root is a folder that is the root of drmgr and of the hooks that it runs.
type Root struct {
	dir  string
	run  command.Runner
	argv []string // what starts drmgr
}

// Paths in a Root that stand for the kernel and the device tree (drmgr(8), powerpc-utils 1.3.13).
const (
	hooks      = "/etc/drmgr.d/pmig" // drmgr-hooks(8)
	systemID   = "/proc/device-tree/system-id"
	migration  = "/sys/kernel/mobility/migration"
	apiVersion = "/sys/kernel/mobility/api_version"
	drmgrLog   = "/var/log/drmgr"
	library    = "/usr/lib/firmware.so"
	realProc   = "/run/proc"
)

// Setup makes a root in dir, which should be empty. cache keeps the packages
// for the next time. The error matches ErrUnavailable where this machine, or
// its network, cannot have drmgr.
func Setup(ctx context.Context, run command.Runner, cache, dir string) (*Root, error) {
	if os.Geteuid() != 0 {
		return nil, fmt.Errorf("%w: it needs root, for chroot(2) and mknod(2)", ErrUnavailable)
	}
	if err := fetch(ctx, run, cache, drmgrPackages()); err != nil {
		return nil, err
	}
	r := &Root{dir: dir, run: run, argv: []string{"/usr/sbin/chroot", dir}}
	debs, _ := filepath.Glob(filepath.Join(cache, "*.deb"))
	for _, d := range debs {
		if err := do(ctx, run, localTimeout, "/usr/bin/dpkg", "-x", d, dir); err != nil {
			return nil, err
		}
	}
	if err := r.emulate(ctx, cache); err != nil {
		return nil, err
	}
	if err := r.furnish(); err != nil {
		return nil, fmt.Errorf("make the root of drmgr: %w", err)
	}
	b, err := os.ReadFile(r.path("/usr/sbin/drmgr"))
	if err != nil {
		return nil, err
	}
	if !bytes.Contains(b, []byte("/etc/drmgr.d")) {
		return nil, fmt.Errorf("%w: the drmgr of %s knows no hooks; remove that folder to fetch it anew", ErrUnavailable, cache)
	}
	return r, nil
}

// emulate puts QEMU into the root, unless this machine is one of drmgr's own kind.
func (r *Root) emulate(ctx context.Context, cache string) error {
	preload := []string{"/usr/bin/env", "LD_PRELOAD=" + library}
	if runtime.GOARCH == "ppc64le" {
		r.argv = append(append(preload, r.argv...), "/usr/sbin/drmgr")
		return nil
	}
	qemu, err := emulator(ctx, r.run, cache, "/usr/bin/qemu-ppc64le-static")
	if err != nil {
		return err
	}
	b, err := os.ReadFile(qemu)
	if err != nil {
		return err
	}
	if err := os.WriteFile(r.path("/qemu"), b, 0o755); err != nil { //nolint:gosec // it is to be run
		return err
	}
	r.argv = append(r.argv, "/qemu", "-E", "LD_PRELOAD="+library, "/usr/sbin/drmgr")
	return nil
}

// emulator finds a static QEMU for programs of ppc64le, or takes it out of Debian's package.
func emulator(ctx context.Context, run command.Runner, cache string, places ...string) (string, error) {
	to := filepath.Join(cache, "qemu")
	places = append(places, filepath.Join(to, "usr/bin/qemu-ppc64le-static"), filepath.Join(to, "usr/bin/qemu-ppc64le"))
	look := func() string {
		for _, p := range places {
			if _, err := os.Stat(p); err == nil {
				return p
			}
		}
		return ""
	}
	if p := look(); p != "" {
		return p, nil
	}
	w := wanted{runtime.GOARCH, []string{"qemu-user"}} // static since Debian 13; Go and Debian call amd64 and arm64 alike
	if err := fetch(ctx, run, to, w); err != nil {
		return "", fmt.Errorf("%w; or apt-get install qemu-user-static", err)
	}
	found, _ := filepath.Glob(filepath.Join(to, "*.deb"))
	for _, f := range found {
		if err := do(ctx, run, localTimeout, "/usr/bin/dpkg", "-x", f, to); err != nil {
			return "", err
		}
	}
	if p := look(); p != "" {
		return p, nil
	}
	return "", fmt.Errorf("%w: Debian's qemu-user has no qemu-ppc64le; apt-get install qemu-user-static", ErrUnavailable)
}

// furnish makes what drmgr looks for: a partition of a Power server that can be migrated.
func (r *Root) furnish() error {
	for _, d := range []string{
		"/proc/device-tree", "/proc/ppc64", realProc, "/sys/kernel/mobility", "/var/lock", "/var/log", hooks, "/tmp", "/dev", "/etc/powerha_lpm",
	} {
		if err := os.MkdirAll(r.path(d), 0o755); err != nil {
			return err
		}
	}
	for link, to := range map[string]string{"/lib64": "usr/lib64", "/lib": "usr/lib", "/proc/self": realProc + "/self"} {
		if _, err := os.Lstat(r.path(link)); err == nil {
			continue
		}
		if err := os.Symlink(to, r.path(link)); err != nil {
			return err
		}
	}
	for path, text := range map[string]string{
		"/proc/cpuinfo":                              "platform\t: pSeries\nmodel\t\t: IBM,9009-42A\nmachine\t\t: CHRP IBM,9009-42A\n",
		"/proc/device-tree/device_type":              "chrp\x00",
		"/proc/device-tree/model":                    "IBM,9009-42A\x00",
		"/proc/device-tree/ibm,migratable-partition": "",
		"/proc/ppc64/ofdt":                           "",
		library:                                      string(firmware()),
	} {
		if err := os.WriteFile(r.path(path), []byte(text), 0o644); err != nil { //nolint:gosec // as the kernel's are
			return err
		}
	}
	for _, fifo := range []string{migration, firmwareCall, firmwareStatus} {
		if err := unix.Mkfifo(r.path(fifo), 0o600); err != nil {
			return fmt.Errorf("mkfifo %s: %w", fifo, err)
		}
	}
	if err := unix.Mknod(r.path("/dev/null"), unix.S_IFCHR|0o666, int(unix.Mkdev(1, 3))); err != nil { //nolint:gosec // a small number
		return fmt.Errorf("mknod /dev/null: %w", err)
	}
	return r.SetSerial("0278AAAAA")
}

// MountProc mounts the true /proc, so that processes in the root find themselves under /proc/self: what they know of
// their own waits. unmount has to be called before the folder is removed.
func (r *Root) MountProc() (unmount func() error, err error) {
	at := r.path(realProc)
	if err := unix.Mount("proc", at, "proc", unix.MS_RDONLY|unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return nil, fmt.Errorf("mount /proc at %s: %w", at, err)
	}
	return func() error { return unix.Unmount(at, unix.MNT_DETACH) }, nil
}

// Dir is the folder.
func (r *Root) Dir() string { return r.dir }

// path is where a path of the root lies.
func (r *Root) path(p string) string { return filepath.Join(r.dir, p) }

// SetSerial makes the device tree tell of a server with this serial number.
func (r *Root) SetSerial(serial string) error {
	return os.WriteFile(r.path(systemID), []byte("IBM,"+serial+"\x00"), 0o644) //nolint:gosec // as the kernel's is
}

// Put copies a program into the root.
func (r *Root) Put(program, path string) error {
	b, err := os.ReadFile(program)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(r.path(path)), 0o755); err != nil {
		return err
	}
	return os.WriteFile(r.path(path), b, 0o755) //nolint:gosec // it is to be run
}

// Hook links a program of the root among the hooks of migrations.
func (r *Root) Hook(name, path string) error {
	return os.Symlink(path, r.path(filepath.Join(hooks, name)))
}

// Remove takes a file out of the root.
func (r *Root) Remove(path string) error { return os.Remove(r.path(path)) }
