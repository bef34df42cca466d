package selftest

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/command"
	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/powerha"
)

func replay(s model.Source, text string) Asked {
	return Replayed(s, command.Output{Stdout: []byte(text)}, model.Instant{})
}

// row judges one answer alone.
func row(t *testing.T, a Asked) Row {
	t.Helper()
	for _, r := range Judge("n1", []Asked{a}, nil).Rows {
		if r.Source == a.Source {
			return r
		}
	}
	t.Fatalf("no row for %s", a.Source)
	return Row{}
}

func TestOutcomes(t *testing.T) {
	failed := func(change func(*model.Reading)) Asked {
		r := model.Reading{Source: model.SourceGroups, Err: "clRGinfo -s: something"}
		change(&r)
		return Asked{Source: model.SourceGroups, Command: "clRGinfo -s", Reading: r}
	}
	said := func(exit int, stderr string) Asked {
		return Replayed(model.SourceGroups, command.Output{Exit: exit, Stderr: []byte(stderr)}, model.Instant{})
	}
	for name, c := range map[string]struct {
		asked   Asked
		outcome Outcome
		remedy  string
	}{
		"understood":   {replay(model.SourceGroups, "rg1:ONLINE:n1:\n"), Understood, ""},
		"a bad line":   {replay(model.SourceGroups, "rg1:ONLINE:n1:\nwhat is this\n"), Partly, "support-bundle"},
		"a new state":  {replay(model.SourceGroups, "rg1:LEVITATING:n1:\n"), Partly, "published as unknown"},
		"foreign":      {replay(model.SourceMembers, "-- SYSTEM STATE\nA n1 RUNNING\n"), NotUnderstood, "support-bundle"},
		"empty":        {replay(model.SourceMembers, ""), NotUnderstood, "support-bundle"},
		"exit 1":       {said(1, "Cluster IPC error"), Failed, "type it"},
		"denied":       {said(1, "sudo: a password is required"), Denied, "sudoers"},
		"missing":      {failed(func(r *model.Reading) { r.Missing = true }), Missing, "cluster.commands.clRGinfo"},
		"not runnable": {failed(func(r *model.Reading) { r.Missing, r.Err = true, "x may not be executed by this user" }), Denied, "sudoers"},
		"hangs":        {failed(func(r *model.Reading) { r.TimedOut = true }), TimedOut, "cluster.timeout"},
	} {
		t.Run(name, func(t *testing.T) {
			r := row(t, c.asked)
			if r.Outcome != c.outcome {
				t.Fatalf("%s, want %s: %+v", r.Outcome, c.outcome, r)
			}
			rep := Judge("n1", []Asked{c.asked}, nil)
			var f []Finding
			for _, x := range rep.Failures {
				if x.Command == r.Command {
					f = append(f, x)
				}
			}
			if (len(f) > 0) != (c.remedy != "") || c.remedy != "" && !strings.Contains(f[0].Remedy, c.remedy) {
				t.Errorf("findings %+v, want remedy %q", f, c.remedy)
			}
			if rep.OK {
				t.Error("ok although most was not asked")
			}
		})
	}
}

func TestTheLineIsNamed(t *testing.T) {
	r := Judge("n1", []Asked{replay(model.SourceGroups, "rg1:ONLINE:n1:\n\nwhat is this\n"), replay(model.SourceMembers, "\n\n-- SYSTEM\x01 STATE\n")}, nil)
	named := map[string]int{}
	for _, f := range r.Failures {
		named[f.Command] = f.Line
	}
	if named["clRGinfo -s"] != 3 || named["lscluster -m"] != 3 {
		t.Errorf("lines %v", named)
	}
}

func TestWhatOnlyInformsIsARemark(t *testing.T) {
	r := Judge("n1", []Asked{replay(model.SourceCAA, "nonsense\n")}, nil)
	if !slices.ContainsFunc(r.Remarks, func(f Finding) bool { return f.Command == "lscluster -c" }) {
		t.Errorf("remarks %+v", r.Remarks)
	}
	if slices.ContainsFunc(r.Failures, func(f Finding) bool { return f.Command == "lscluster -c" }) {
		t.Errorf("failures %+v", r.Failures)
	}
}

func TestContradictionFails(t *testing.T) {
	asked := []Asked{
		replay(model.SourceNodes, "# NAME:STATE:RAW_STATE\nn1:NORMAL:ST_STABLE\nn2:OFFLINE:ST_INIT\n"),
		replay(model.SourceManager, "Current state: ST_INIT\nCLversion: 23\nlocal node vrmf is 7270\n"),
	}
	checks := Checks("n1", model.PhaseIdle, asked)
	i := slices.IndexFunc(checks, func(c Check) bool { return c.Fact == "manager" })
	if i < 0 || checks[i].Verdict != Differ || checks[i].Text == "" {
		t.Fatalf("checks %+v", checks)
	}
	r := Judge("n1", asked, checks)
	if !slices.ContainsFunc(r.Failures, func(f Finding) bool { return strings.Contains(f.Text, "contradicts it") }) {
		t.Errorf("failures %+v", r.Failures)
	}
	asked[1] = replay(model.SourceManager, "Current state: ST_STABLE\nCLversion: 23\nlocal node vrmf is 7270\n")
	for _, c := range Checks("n1", model.PhaseIdle, asked) {
		if c.Verdict == Differ {
			t.Errorf("%+v", c)
		}
	}
}

func TestVersions(t *testing.T) {
	for _, c := range []struct {
		source     model.Source
		text, want string
	}{
		{model.SourceCluster, "CLUSTER_NAME=\"c\"\nSTATE=\"STABLE\"\nVERSION=\"7.2.7.0\"\nVERSION_NUMBER=\"23\"\n", "7.2.7"},
		{model.SourceCluster, "CLUSTER_NAME=\"c\"\nSTATE=\"STABLE\"\nVERSION_NUMBER=\"19\"\n", "7.2.3"},
		{model.SourceManager, "Current state: ST_STABLE\nCLversion: 15\nlocal node vrmf is 7200\n", "7.2.0"},
		{model.SourceManager, "Current state: ST_STABLE\nCLversion: 15\n", "7.1.3"},
		{model.SourceManager, "Current state: ST_STABLE\n", ""},
	} {
		if got := row(t, replay(c.source, c.text)).Version; got != c.want {
			t.Errorf("%q: version %q, want %q", c.text, got, c.want)
		}
	}
}

// fakeRunner answers by the tool's name.
type fakeRunner struct {
	command.Runner
	answers map[string]command.Output
	asked   []string
	clk     *clock.Fake
}

func (f *fakeRunner) Query(_ context.Context, q command.Query) (command.Output, error) {
	f.asked = append(f.asked, q.Name)
	out, ok := f.answers[q.Name]
	if !ok {
		return command.Output{}, command.ErrMissing
	}
	return out, nil
}

func TestAskAsksEachOnce(t *testing.T) {
	clk := clock.NewFake(model.Instant{Wall: time.Unix(1.7e9, 0)})
	f := &fakeRunner{clk: clk, answers: map[string]command.Output{"clRGinfo -s": {Stdout: []byte("rg1:ONLINE:n1:\n")}}}
	told := 0
	got := Ask(t.Context(), Options{Client: powerha.Options{Runner: f, Clock: clk}, Tell: func(Asked) { told++ }}, Sources())
	if len(got) != len(Sources()) || len(f.asked) != len(got) || told != len(got) {
		t.Fatalf("%d answers of %d sources, %d asked, %d told", len(got), len(Sources()), len(f.asked), told)
	}
	for _, a := range got {
		if ran := a.Source == model.SourceGroups; a.Ran != ran || len(a.Argv) == 0 || !strings.HasSuffix(strings.Join(a.Argv, " "), a.Command) {
			t.Errorf("%s: ran %v, argv %q", a.Command, a.Ran, a.Argv)
		}
	}
	if _, err := (&recorder{}).Start(command.Act{}); !errors.Is(err, errReadOnly) {
		t.Errorf("an act: %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if got := Ask(ended, Options{Client: powerha.Options{Runner: f, Clock: clk}}, Sources()); len(got) != 0 {
		t.Errorf("after the end %d were asked", len(got))
	}
}

// Whatever a reading holds, something is said of it, and it fits a line.
func TestConcludedNeverPanics(t *testing.T) {
	for _, s := range append(Sources(), "unknown") {
		_ = Concluded(&model.Reading{Source: s})
	}
	many := model.Reading{Source: model.SourceNodes}
	for range 64 {
		many.Nodes = append(many.Nodes, model.Node{Name: "n", State: model.NodeNormal})
	}
	if got := Concluded(&many); !strings.HasSuffix(got, "and 56 more") {
		t.Errorf("got %q", got)
	}
}
