// Package app is the sample application that a simulated resource group runs:
// an HTTP server with a health page, and a writer to the group's shared disk
// that notices when another instance writes to it too.
package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"powerha_lpm_exporter/internal/clock"
)

// Instance is one run of the application on a node.
type Instance struct {
	ID   string `json:"instance"`
	Node string `json:"node"`
	Pid  int    `json:"pid"`
}

// Options say which application this is and where it keeps its files.
type Options struct {
	Group, Node string
	Port        int    // of its HTTP server on the node
	Home        string // folder of the node: pid file, log, control file
	Shared      string // folder on the shared disk of the group
	Clock       clock.Clock
}

func (o Options) pidFile() string    { return filepath.Join(o.Home, o.Group+".pid") }
func (o Options) logFile() string    { return filepath.Join(o.Home, o.Group+".log") }
func (o Options) brokenFile() string { return filepath.Join(o.Home, o.Group+".broken") }
func (o Options) address() string    { return net.JoinHostPort("127.0.0.1", strconv.Itoa(o.Port)) }

// HealthURL is the health page on the node: 200 or 503.
func (o Options) HealthURL() string { return "http://" + o.address() + "/health" }

// WriterLog, RanTwiceLog and ServiceFile lie on the shared disk of a group.
func WriterLog(shared string) string   { return filepath.Join(shared, "writer.log") }
func RanTwiceLog(shared string) string { return filepath.Join(shared, "ran_twice.log") }

// ServiceFile says which instance holds the service address: the one that took it last, as after a gratuitous ARP.
func ServiceFile(shared string) string { return filepath.Join(shared, "service") }

// Service is the content of the service file.
type Service struct {
	Instance
	Address string `json:"address"` // host:port of the holder
}

// Line is one line of the writer's log.
type Line struct {
	Instance
	Seq  uint64        `json:"seq"`
	Time time.Time     `json:"time"`
	Mono time.Duration `json:"mono_ns"` // CLOCK_MONOTONIC, which all nodes of a simulated cluster share
	End  bool          `json:"end,omitempty"`
}

// RanTwice is one line of the ran-twice log: By wrote, Other wrote after it, and By still writes.
type RanTwice struct {
	Time  time.Time     `json:"time"`
	Mono  time.Duration `json:"mono_ns"`
	Group string        `json:"group"`
	By    Instance      `json:"by"`
	Other Instance      `json:"other"`
}

// ReadService reads who holds the service address.
func ReadService(shared string) (Service, error) {
	var s Service
	b, err := os.ReadFile(ServiceFile(shared))
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(b, &s); err != nil {
		return s, fmt.Errorf("read %s: %w", ServiceFile(shared), err)
	}
	return s, nil
}

// The ways in which Break makes the health page fail.
const (
	untilRestart = "until restart"
	untilMend    = "until mend"
)

// Break makes the application on the node unhealthy, until it is started again or, when sticky, until Mend.
func (o Options) Break(sticky bool) error {
	how := untilRestart
	if sticky {
		how = untilMend
	}
	if err := os.WriteFile(o.brokenFile(), []byte(how), 0o644); err != nil {
		return fmt.Errorf("break application of %s on %s: %w", o.Group, o.Node, err)
	}
	return nil
}

// Mend makes it healthy again.
func (o Options) Mend() error {
	if err := os.Remove(o.brokenFile()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("mend application of %s on %s: %w", o.Group, o.Node, err)
	}
	return nil
}

// broken tells whether the health page fails.
func (o Options) broken() bool {
	_, err := os.Stat(o.brokenFile())
	return err == nil
}

// mendAtStart ends what a restart cures.
func (o Options) mendAtStart() error {
	switch b, err := os.ReadFile(o.brokenFile()); {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("start application of %s on %s: %w", o.Group, o.Node, err)
	case string(b) != untilRestart:
		return nil
	}
	return o.Mend()
}

// pidRecord is the content of the pid file.
type pidRecord struct {
	Instance
	Birth string `json:"birth"`
}

// running reads which instance runs on the node.
func (o Options) running() (Instance, bool) {
	var in pidRecord
	b, err := os.ReadFile(o.pidFile())
	if err != nil || json.Unmarshal(b, &in) != nil {
		return Instance{}, false
	}
	when, ok := birth(in.Pid)
	return in.Instance, ok && when == in.Birth
}
