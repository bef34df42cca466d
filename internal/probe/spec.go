// Package probe asks applications whether they are well. Its core decides
// when which probe runs and keeps what came of it; checkers do the asking.
//
// A local probe runs only while this node is the last known owner of the
// resource group that the probe stands for; a probe with vantage "peer" runs
// only on nodes that are not. A probe of type powerha_monitor runs PowerHA's
// own application monitor, while PowerHA does not.
package probe

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"powerha_lpm_exporter/internal/config"
)

// Vantages.
const (
	Local = "local"
	Peer  = "peer"
)

// Types of checks.
const (
	TypeTCP     = "tcp"
	TypeHTTP    = "http"
	TypeProcess = "process"
	TypeExec    = "exec"
	TypeMonitor = "powerha_monitor"
)

const (
	defaultInterval = 5 * time.Second
	defaultTimeout  = 2 * time.Second
)

// Spec is one probe as configured, with defaults filled in.
type Spec struct {
	Application string // its own name, else that of its resource group
	Group       string // "" when only an application is named
	Name        string
	Type        string
	Target      string   // tcp: host:port; http: URL; process: beginning of a command line
	Command     []string // exec
	Vantage     string
	// Interval, Timeout: 0 for a powerha_monitor that goes by its own.
	Interval time.Duration
	Timeout  time.Duration

	// Monitor is the name of an application monitor in the cluster's configuration, for powerha_monitor; the rest is of it.
	Monitor      string
	Wrapper      []string // leading arguments of its command, for the right user
	Mode         string   // "" goes by the monitor's own
	WhileManaged bool     // it runs beside PowerHA's own copy, too
}

// ID names the probe on this node.
func (s Spec) ID() string { return s.Application + "/" + s.Name + "/" + s.Vantage }

// Specs turns the configuration into probes, sorted by ID. A probe that no checker knows, or that is there twice, is
// an error.
func Specs(probes []config.Probe) ([]Spec, error) {
	specs := make([]Spec, 0, len(probes))
	for i, p := range probes {
		s := Spec{
			Application: cmp.Or(p.Application, p.ResourceGroup),
			Group:       p.ResourceGroup,
			Name:        cmp.Or(p.Name, p.Type),
			Type:        p.Type,
			Target:      p.Target,
			Command:     slices.Clone([]string(p.Command)),
			Vantage:     cmp.Or(p.Vantage, Local),
			Interval:    time.Duration(p.Interval),
			Timeout:     time.Duration(p.Timeout),
			Monitor:     p.Monitor, Wrapper: slices.Clone([]string(p.Wrapper)), Mode: p.Mode, WhileManaged: p.WhileManaged,
		}
		if s.Type != TypeMonitor {
			s.Interval, s.Timeout = cmp.Or(s.Interval, defaultInterval), cmp.Or(s.Timeout, defaultTimeout)
		}
		if err := s.check(); err != nil {
			return nil, fmt.Errorf("probes[%d]: %w", i, err)
		}
		specs = append(specs, s)
	}
	slices.SortFunc(specs, func(a, b Spec) int { return cmp.Compare(a.ID(), b.ID()) })
	for i := 1; i < len(specs); i++ {
		if specs[i].ID() == specs[i-1].ID() {
			return nil, fmt.Errorf("probes: %s is configured twice: give each a name of its own", specs[i].ID())
		}
	}
	return specs, nil
}

func (s Spec) check() error {
	if s.Application == "" {
		return fmt.Errorf("names neither an application nor a resource_group: name one")
	}
	if s.Vantage != Local && s.Vantage != Peer {
		return fmt.Errorf("vantage %q: want local or peer", s.Vantage)
	}
	switch s.Type {
	case TypeTCP, TypeHTTP, TypeProcess:
		if s.Target == "" {
			return fmt.Errorf("type %s needs a target", s.Type)
		}
	case TypeExec:
		if len(s.Command) == 0 {
			return fmt.Errorf("type exec needs a command")
		}
	case TypeMonitor:
		if s.Monitor == "" {
			return fmt.Errorf("type powerha_monitor needs a monitor: name one of `clmgr query application_monitor`")
		}
		if s.Vantage != Local {
			return fmt.Errorf("type powerha_monitor: vantage %q: it runs on the owner alone", s.Vantage)
		}
	default:
		return fmt.Errorf("type %q: want tcp, http, process, exec or powerha_monitor", s.Type)
	}
	return nil
}

// same reports whether what is known of a holds for b.
func same(a, b Spec) bool {
	return a.Group == b.Group && a.Type == b.Type && a.Target == b.Target && a.Interval == b.Interval &&
		a.Timeout == b.Timeout && slices.Equal(a.Command, b.Command) &&
		a.Monitor == b.Monitor && a.Mode == b.Mode && a.WhileManaged == b.WhileManaged && slices.Equal(a.Wrapper, b.Wrapper)
}
