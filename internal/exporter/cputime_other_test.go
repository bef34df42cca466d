//go:build !linux

package exporter

import "time"

// cpuTime is 0 where nothing tells it: then it is not reported.
func cpuTime() time.Duration { return 0 }
