package powerha

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/command"
	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/sim"
)

// simRunner types the commands on a node of the simulated cluster, in virtual time.
type simRunner struct {
	command.Runner
	core *sim.Core
	node string
	now  time.Duration
	n    int
}

func newSim(t *testing.T, version string) *simRunner { return newSimWith(t, version, nil) }

func newSimWith(t *testing.T, version string, knobs map[string]string) *simRunner {
	t.Helper()
	core, err := sim.New(sim.Config{
		Cluster: "cl1", Version: version, Knobs: knobs, Nodes: []string{"n1", "n2"}, Epoch: time.Unix(1.7e9, 0).UTC(),
		Groups: []sim.Group{{
			Name: "rg_db", Nodes: []string{"n1", "n2"}, Application: "db", Start: "/app/start", Stop: "/app/stop",
			Monitor: "/app/monitor", MonitorInterval: time.Hour,
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return &simRunner{core: core, node: "n1"}
}

// run steps the core until the command is over. Scripts that it runs meanwhile succeed.
func (s *simRunner) run(argv []string) (out command.Output, err error) {
	s.n++
	id := fmt.Sprintf("c%d", s.n)
	in := []sim.Input{sim.CommandStarted{ID: id, Node: s.node, Name: path.Base(argv[0]), Args: argv[1:], By: "actor"}}
	for range 10000 {
		effects := s.core.Step(s.now, in)
		in = nil
		for _, e := range effects {
			switch e := e.(type) {
			case sim.CommandOutput:
				if e.ID == id {
					out.Stdout, out.Stderr = append(out.Stdout, e.Stdout...), append(out.Stderr, e.Stderr...)
				}
			case sim.CommandDone:
				if e.ID == id {
					out.Exit = e.Exit
					return out, nil
				}
			case sim.RunScript:
				in = append(in, sim.ScriptEnded{ID: e.ID})
			}
		}
		if in == nil {
			next, ok := s.core.Next()
			if !ok {
				break
			}
			s.now = max(next, s.now)
		}
	}
	return out, fmt.Errorf("%q never ends", argv)
}

func (s *simRunner) Query(_ context.Context, q command.Query) (command.Output, error) {
	return s.run(q.Argv)
}

// settle lets virtual time pass, so that events end and scripts return.
func (s *simRunner) settle(t *testing.T) {
	t.Helper()
	if _, err := s.run([]string{"/usr/bin/ps", "-e", "-o", "pid,args"}); err != nil {
		t.Fatal(err)
	}
}

func simClient(s *simRunner) *Client {
	return New(Options{Runner: s, Clock: clock.NewFake(model.Instant{Wall: time.Unix(1.7e9, 0)}), Timeout: time.Minute})
}

// The parsers and the simulator were written apart from each other, from the
// same descriptions. What the one prints the other must understand wholly.
func TestSimulatedClusterIsUnderstood(t *testing.T) {
	for _, version := range []string{"7.1.3", "7.2.0", "7.2.3", "7.2.7"} {
		t.Run(version, func(t *testing.T) {
			s := newSim(t, version)
			c := simClient(s)
			deciding, informing := Sources()
			refused := 0
			for _, source := range slices.Concat(deciding, informing) {
				r := c.Read(t.Context(), source)
				if slices.Contains(informing, source) && strings.Contains(r.Err, ": exit ") {
					refused++ // this level does not have it
					continue
				}
				if r.Err != "" || r.Unparsed > 0 || len(r.Unknown) > 0 || r.Lines == 0 && !mayBeEmpty(source) {
					t.Errorf("%s: error %q, %d lines, not understood %+v, unknown %+v", source, r.Err, r.Lines, r.Rejected, r.Unknown)
				}
			}
			if refused > len(informing)/2 {
				t.Errorf("%d of %d second witnesses refused", refused, len(informing))
			}
			checkCalm(t, c, version)
		})
	}
}

// mayBeEmpty: nothing printed means that there is nothing.
func mayBeEmpty(s model.Source) bool {
	switch s {
	case model.SourceErrlog, model.SourceErrlogSummary, model.SourceFaults, model.SourceInittab, model.SourceMonitors,
		model.SourceGroupAttrs, model.SourceGroupNames, model.SourcePolicyODM, model.SourceTimeoutODM:
		return true
	default:
		return false
	}
}

func checkCalm(t *testing.T, c *Client, version string) {
	t.Helper()
	cluster := c.Read(t.Context(), model.SourceCluster).Cluster
	if cluster.Name != "cl1" || cluster.State != model.ClusterStable || cluster.HasLPM != (version != "7.1.3") ||
		cluster.Unsynced == nil || *cluster.Unsynced || cluster.HeartbeatFrequency == nil || cluster.VersionNumber < 15 {
		t.Errorf("cluster %+v", cluster)
	}
	if got := c.Read(t.Context(), model.SourceNodes).Nodes; len(got) != 2 || got[0].State != model.NodeNormal || got[1].State != model.NodeNormal {
		t.Errorf("nodes %+v", got)
	}
	owners, unmanaged := c.Read(t.Context(), model.SourceGroups).Owners()
	if !slices.Equal(owners["rg_db"], []string{"n1"}) || len(unmanaged) > 0 {
		t.Errorf("owners %v, unmanaged %v", owners, unmanaged)
	}
	if m := c.Read(t.Context(), model.SourceManager).Manager; m.State != model.ManagerStable || m.QueuedEvents != 0 || m.VRMF == "" {
		t.Errorf("manager %+v", m)
	}
	if r := c.Read(t.Context(), model.SourceGroupServices); r.DeadManSwitch == nil || !*r.DeadManSwitch {
		t.Errorf("dead man switch %v", r.DeadManSwitch)
	}
	if got := c.Read(t.Context(), model.SourceMonitors).Monitors; len(got) != 1 || got[0].Application != "db" || got[0].Interval != time.Hour {
		t.Errorf("monitors %+v", got)
	}
	if got := c.Read(t.Context(), model.SourceMembers).Members; len(got) != 2 || !got[0].Up || !got[0].Local || got[1].Local {
		t.Errorf("members %+v", got)
	}
}

// The acts do to the simulated cluster what they are named for, as read back.
func TestActsOnSimulatedCluster(t *testing.T) {
	s := newSim(t, "7.2.7")
	c := simClient(s)
	do := func(a command.Act, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		out, err := s.run(a.Argv)
		if err != nil || out.Exit != 0 {
			t.Fatalf("%q: exit %d, %v\n%s%s", a.Argv, out.Exit, err, out.Stdout, out.Stderr)
		}
		s.settle(t)
	}
	state := func() model.NodeState { return c.Read(t.Context(), model.SourceNodes).NodeState("n1") }

	do(c.StopUnmanage("1", "n1"))
	_, unmanaged := c.Read(t.Context(), model.SourceGroups).Owners()
	if state() != model.NodeUnmanaged || !unmanaged["rg_db"] {
		t.Errorf("after the stop: node %s, groups unmanaged %v", state(), unmanaged)
	}
	if m := c.Read(t.Context(), model.SourceManager).Manager; m.State != model.ManagerStable || !slices.Equal(m.ForcedDown, []string{"n1"}) {
		t.Errorf("after the stop: manager %+v", m)
	}
	do(c.StartManage("2", "n1", true))
	owners, unmanaged := c.Read(t.Context(), model.SourceGroups).Owners()
	if state() != model.NodeNormal || !slices.Equal(owners["rg_db"], []string{"n1"}) || len(unmanaged) > 0 {
		t.Errorf("after the start: node %s, owners %v, unmanaged %v", state(), owners, unmanaged)
	}
	clinfo := slices.IndexFunc(c.Read(t.Context(), model.SourceSubsystems).Subsystems, func(x model.Subsystem) bool {
		return x.Name == "clinfoES" && x.Active
	})
	if clinfo < 0 {
		t.Error("after the start: clinfoES does not run")
	}
	do(c.MoveGroup("3", "rg_db", "n2"))
	if owners, _ := c.Read(t.Context(), model.SourceGroups).Owners(); !slices.Equal(owners["rg_db"], []string{"n2"}) {
		t.Errorf("after the move: owners %v", owners)
	}
	do(c.SetVariable("4", "LPM_POLICY", "unmanage"))
	if got := c.Read(t.Context(), model.SourceCluster).Cluster; got.LPMPolicy != model.PolicyUnmanage || !*got.Unsynced {
		t.Errorf("after the change: %+v", got)
	}
	do(c.Sync("5"), nil)
	if got := c.Read(t.Context(), model.SourceCluster).Cluster; *got.Unsynced {
		t.Errorf("after the synchronisation: %+v", got)
	}
}
