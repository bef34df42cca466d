package fleet

import (
	"bufio"
	"os"
	"runtime"
	"strconv"
	"strings"
)

// forgetPeak makes the kernel measure the highest resident memory anew, where it can (Linux, proc(5): clear_refs).
func forgetPeak() { _ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) }

// peak is the highest resident memory of this process, or what Go took from the system where the kernel does not tell.
func peak() uint64 {
	f, err := os.Open("/proc/self/status")
	if err == nil {
		defer f.Close()
		for s := bufio.NewScanner(f); s.Scan(); {
			if rest, ok := strings.CutPrefix(s.Text(), "VmHWM:"); ok {
				if kb, err := strconv.ParseUint(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64); err == nil {
					return kb << 10
				}
			}
		}
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.Sys
}
