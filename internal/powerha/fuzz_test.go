package powerha

import (
	"os"
	"path/filepath"
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
		n := len(r.Nodes) + len(r.Groups) + len(r.Members) + len(r.Errlog) + len(r.Monitors) +
			len(r.Subsystems) + len(r.Processes) + len(r.Scripts) + len(r.Tunables)
		if n > len(in) || r.Unparsed > len(in)+1 {
			t.Errorf("%d rows and %d unparsed from %d bytes", n, r.Unparsed, len(in))
		}
		if r.Err != "" && (n > 0 || r.Cluster != nil || r.Manager != nil || r.Server != nil ||
			r.DeadManSwitch != nil || r.ClientKill != nil || r.Inittab != nil || r.NodeTimeout != 0 || r.DeadmanMode != "") {
			t.Errorf("a value beside the error %q", r.Err)
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
	}
	for _, n := range r.Nodes {
		if !isName(n.Name) || len(n.Raw) > maxRaw {
			t.Errorf("node %+v", n)
		}
	}
	for i, e := range r.Errlog {
		if e.Label == "" || e.Time.IsZero() || (i > 0 && e.Sequence < r.Errlog[i-1].Sequence) {
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
func FuzzServer(f *testing.F)        { fuzz(f, model.SourceServer) }
func FuzzScripts(f *testing.F)       { fuzz(f, model.SourceScripts) }
