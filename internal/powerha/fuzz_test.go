package powerha

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"powerha_lpm_exporter/internal/model"
)

// fuzz feeds anything to the parser of a source: it must not panic, must
// return a value or an error and not both, and no more of either kind than
// there was input.
func fuzz(f *testing.F, s model.Source) {
	f.Helper()
	files, err := filepath.Glob("testdata/*/*.txt") // those of other sources too: rubbish of the likeliest kind
	if err != nil || len(files) == 0 {
		f.Fatal(len(files), err)
	}
	for _, file := range files {
		in, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(in)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		r := readingOf(t, s, in)
		n := rowsOf(r)
		if n > len(in) || r.Unparsed > len(in)+1 || r.Lines > len(in) {
			t.Errorf("%d rows and %d unparsed of %d lines from %d bytes", n, r.Unparsed, r.Lines, len(in))
		}
		if r.Err != "" && hasValue(r) {
			t.Errorf("a value beside the error %q", r.Err)
		}
		if len(r.Rejected) != min(r.Unparsed, maxRejected) || len(r.Unknown) > maxUnknown {
			t.Errorf("%d rejected, %d kept, %d unknown", r.Unparsed, len(r.Rejected), len(r.Unknown))
		}
		for _, l := range r.Rejected {
			if l.Line < 0 || l.Line > r.Lines+bytes.Count(in, []byte("\n"))+1 || len(l.Text) > maxRaw || !utf8.ValidString(l.Text) || l.Why == "" {
				t.Errorf("rejected %+v", l)
			}
		}
		if !utf8.ValidString(r.Err) || len(r.Err) > 4*maxRaw {
			t.Errorf("unfit for a message: %q", r.Err)
		}
		checkValues(t, r)
	})
}

// checkValues checks what the parsers promise of the values.
func checkValues(t *testing.T, r model.Reading) {
	t.Helper()
	for _, g := range r.Groups {
		if !isName(g.Group) || !isName(g.Node) || g.Raw == "" || len(g.Raw) > maxRaw {
			t.Errorf("row %+v", g)
		}
		online := slices.Contains([]string{"ONLINE", "ONLINE SECONDARY", "ONLINE PEER"}, fold(g.Raw))
		if (g.State == model.GroupOnline) != online && !strings.Contains(g.Raw, " / ") ||
			!slices.Contains(model.GroupStates(), g.State) {
			t.Errorf("state %+v", g)
		}
	}
	for _, n := range r.Nodes {
		if !isName(n.Name) || len(n.Raw) > maxRaw {
			t.Errorf("node %+v", n)
		}
	}
	for i, e := range r.Errlog {
		if e.Label == "" && r.Source != model.SourceErrlogSummary || e.Time.IsZero() || (i > 0 && e.Sequence < r.Errlog[i-1].Sequence) {
			t.Errorf("entry %d: %+v", i, e)
		}
	}
	if r.NodeTimeout < 0 {
		t.Errorf("node timeout %v", r.NodeTimeout)
	}
	for name, value := range r.Tunables {
		if !isName(name) || value == "" || len(value) > maxRaw {
			t.Errorf("tunable %q = %q", name, value)
		}
	}
	if r.Manager != nil && r.Manager.QueuedEvents < 0 {
		t.Errorf("queued events %d", r.Manager.QueuedEvents)
	}
}

func FuzzCluster(f *testing.F)       { fuzz(f, model.SourceCluster) }
func FuzzNodes(f *testing.F)         { fuzz(f, model.SourceNodes) }
func FuzzGroups(f *testing.F)        { fuzz(f, model.SourceGroups) }
func FuzzManager(f *testing.F)       { fuzz(f, model.SourceManager) }
func FuzzTunables(f *testing.F)      { fuzz(f, model.SourceTunables) }
func FuzzNodeTimeout(f *testing.F)   { fuzz(f, model.SourceNodeTimeout) }
func FuzzDeadmanMode(f *testing.F)   { fuzz(f, model.SourceDeadmanMode) }
func FuzzGroupServices(f *testing.F) { fuzz(f, model.SourceGroupServices) }
func FuzzInittab(f *testing.F)       { fuzz(f, model.SourceInittab) }
func FuzzMembers(f *testing.F)       { fuzz(f, model.SourceMembers) }
func FuzzErrlog(f *testing.F)        { fuzz(f, model.SourceErrlog) }
func FuzzMonitors(f *testing.F)      { fuzz(f, model.SourceMonitors) }
func FuzzSubsystems(f *testing.F)    { fuzz(f, model.SourceSubsystems) }
func FuzzProcesses(f *testing.F)     { fuzz(f, model.SourceProcesses) }
func FuzzOwners(f *testing.F)        { fuzz(f, model.SourceOwners) }
func FuzzServer(f *testing.F)        { fuzz(f, model.SourceServer) }
func FuzzScripts(f *testing.F)       { fuzz(f, model.SourceScripts) }
func FuzzGroupAttrs(f *testing.F)    { fuzz(f, model.SourceGroupAttrs) }
func FuzzGroupPolicies(f *testing.F) { fuzz(f, model.SourceGroupPolicies) }
func FuzzGroupMonitors(f *testing.F) { fuzz(f, model.SourceGroupMonitors) }
func FuzzOverrides(f *testing.F)     { fuzz(f, model.SourceOverrides) }
func FuzzGroupNames(f *testing.F)    { fuzz(f, model.SourceGroupNames) }
func FuzzServices(f *testing.F)      { fuzz(f, model.SourceServices) }
func FuzzTopology(f *testing.F)      { fuzz(f, model.SourceTopology) }
func FuzzInterfaces(f *testing.F)    { fuzz(f, model.SourceInterfaces) }
func FuzzCAA(f *testing.F)           { fuzz(f, model.SourceCAA) }
func FuzzCAACounters(f *testing.F)   { fuzz(f, model.SourceCAACounters) }
func FuzzErrlogSummary(f *testing.F) { fuzz(f, model.SourceErrlogSummary) }
func FuzzPartition(f *testing.F)     { fuzz(f, model.SourcePartition) }
func FuzzSwitch(f *testing.F)        { fuzz(f, model.SourceSwitch) }
func FuzzPolicyODM(f *testing.F)     { fuzz(f, model.SourcePolicyODM) }
func FuzzTimeoutODM(f *testing.F)    { fuzz(f, model.SourceTimeoutODM) }

// rowsOf counts what a reading lists.
func rowsOf(r model.Reading) int {
	return len(r.Nodes) + len(r.Groups) + len(r.Members) + len(r.Errlog) + len(r.Monitors) + len(r.Subsystems) +
		len(r.Processes) + len(r.Scripts) + len(r.Tunables) + len(r.GroupAttrs) + len(r.AppStates) + len(r.GroupNames) +
		len(r.Interfaces) + len(r.Counters)
}

// hasValue reports whether a reading tells anything.
func hasValue(r model.Reading) bool {
	return rowsOf(r) > 0 || r.Cluster != nil || r.Manager != nil || r.Server != nil || r.DeadManSwitch != nil ||
		r.ClientKill != nil || r.Inittab != nil || r.NodeTimeout != 0 || r.DeadmanMode != "" || r.Topology != nil ||
		r.CAA != nil || r.Partition != nil || r.PolicyODM != "" || r.TimeoutODM != nil
}
