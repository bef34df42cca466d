//go:build linux

// Guests shows what the exporter measures in virtual machines that are really
// stopped and live-migrated: it runs as their only process, with another
// exporter outside as its peer, and its figures are held against the
// hypervisor's. It prints a table and exits with 1 when a truth lies outside a
// published bound, or when a freeze that nobody could see was given a length.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

func main() {
	kernels := flag.String("kernels", "", "folder with unpacked kernel packages")
	programs := flag.String("programs", "", "folder with ARCH/powerha_lpm_exporter and ARCH/init")
	only := flag.String("arch", "", "only this architecture")
	flag.Parse()
	missed, shown := 0, 0
	fmt.Printf("%-8s %-22s %9s %9s %9s %9s %9s %9s  %s\n", "guest", "stopped by", "truth", "clock", "peer", "fused", "bound", "brownout", "")
	for _, m := range machines() {
		if *only != "" && *only != m.name {
			continue
		}
		n, err := try(m, *kernels, *programs)
		missed += n
		if err != nil {
			fmt.Printf("%-8s SKIPPED or broken off: %v\n", m.name, err)
			continue
		}
		shown++
	}
	if missed > 0 || shown == 0 {
		os.Exit(1)
	}
}

// lab is what one architecture is tried with.
type lab struct {
	machine
	dir, kernel, initrd string
	peered              bool
	guest               *guest
	missed              int
}

func try(m machine, kernels, programs string) (missed int, err error) {
	found, err := filepath.Glob(filepath.Join(kernels, m.kernel))
	if err != nil || len(found) == 0 {
		return 0, fmt.Errorf("no kernel %s in %s", m.kernel, kernels)
	}
	for _, peered := range []bool{true, false} {
		dir, err := os.MkdirTemp("", "guest")
		if err != nil {
			return missed, err
		}
		defer os.RemoveAll(dir)
		l := &lab{machine: m, dir: dir, kernel: found[0], initrd: filepath.Join(dir, "initrd"), peered: peered}
		err = errors.Join(l.pack(filepath.Dir(filepath.Dir(found[0])), programs), l.run(filepath.Join(programs, "amd64", "powerha_lpm_exporter")))
		missed += l.missed
		if err != nil {
			return missed, err
		}
	}
	return missed, nil
}

// run boots the guest and stops it in every way.
func (l *lab) run(outside string) (err error) {
	if l.peered {
		stop, err := l.startPeer(outside)
		if err != nil {
			return err
		}
		defer stop()
	}
	if l.guest, err = boot(l.machine, l.dir, "source", l.kernel, l.initrd, "tap0", ""); err != nil {
		return err
	}
	defer func() { l.guest.kill() }()
	if err := l.wait(5 * time.Minute); err != nil {
		console, _ := os.ReadFile(filepath.Join(l.dir, "source.console"))
		return fmt.Errorf("%w\n%s", err, tail(console, 2000))
	}
	stops := []time.Duration{500 * time.Millisecond, 2 * time.Second, 5 * time.Second, 10 * time.Second}
	if !l.peered {
		stops = []time.Duration{3 * time.Second}
	}
	for _, d := range stops {
		if err := l.measure(fmt.Sprintf("stop, cont after %s", d), func() (time.Duration, error) { return l.stopFor(d) }); err != nil {
			return err
		}
	}
	if !l.peered {
		return nil
	}
	for i := range 2 {
		name := fmt.Sprintf("migration %d", i+1)
		if err := l.measure(name, func() (time.Duration, error) { return l.migrate(i, 0) }); err != nil {
			return err
		}
	}
	return l.measure("migration, 4 s longer", func() (time.Duration, error) { return l.migrate(2, 4*time.Second) })
}

func (l *lab) stopFor(d time.Duration) (time.Duration, error) {
	l.guest.forget()
	if _, err := l.guest.do("stop", nil); err != nil {
		return 0, err
	}
	from, err := l.guest.event("STOP", time.Minute)
	if err != nil {
		return 0, err
	}
	time.Sleep(d)
	if _, err := l.guest.do("cont", nil); err != nil {
		return 0, err
	}
	to, err := l.guest.event("RESUME", time.Minute)
	return to.Sub(from), err
}

// migrate moves the guest to a new qemu on the other tap; longer is for how long it stays stopped there.
func (l *lab) migrate(i int, longer time.Duration) (time.Duration, error) {
	uri := "unix:" + filepath.Join(l.dir, fmt.Sprintf("m%d.sock", i))
	target, err := boot(l.machine, l.dir, fmt.Sprintf("target%d", i), l.kernel, l.initrd, []string{"tap1", "tap0"}[i%2], uri)
	if err != nil {
		return 0, err
	}
	l.guest.forget()
	if longer > 0 { // it arrives stopped, and goes on when it is told to
		if _, err := l.guest.do("stop", nil); err != nil {
			return 0, err
		}
	}
	if _, err := l.guest.do("migrate", map[string]any{"uri": uri}); err != nil {
		target.kill()
		return 0, err
	}
	from, err := l.guest.event("STOP", 5*time.Minute)
	if err != nil {
		target.kill()
		return 0, err
	}
	if longer > 0 {
		time.Sleep(longer)
		if _, err := target.do("cont", nil); err != nil {
			return 0, err
		}
	}
	to, err := target.event("RESUME", 5*time.Minute)
	l.guest.kill()
	l.guest = target
	return to.Sub(from), err
}
