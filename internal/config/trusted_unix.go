//go:build unix

package config

import (
	"fmt"
	"os"
	"syscall"
)

// trusted refuses, for root, a file that somebody else could have written: it names commands that root runs.
func trusted(f *os.File, euid int) error {
	st, err := f.Stat()
	if err != nil {
		return fmt.Errorf("read configuration: %w", err)
	}
	if !st.Mode().IsRegular() {
		return fmt.Errorf("read configuration %s: not a regular file", f.Name())
	}
	if euid != 0 {
		return nil
	}
	if st.Mode().Perm()&0o022 != 0 {
		return fmt.Errorf("%s: mode %04o lets others than root write it, and root runs the commands that it names; run: chmod go-w %s", f.Name(), st.Mode().Perm(), f.Name())
	}
	if sys, ok := st.Sys().(*syscall.Stat_t); ok && sys.Uid != 0 {
		return fmt.Errorf("%s: belongs to uid %d, and root runs the commands that it names; run: chown root %s", f.Name(), sys.Uid, f.Name())
	}
	return nil
}
