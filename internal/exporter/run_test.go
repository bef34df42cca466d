package exporter

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/go-kit/log"
	"github.com/prometheus/client_golang/prometheus"

	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/command"
	"powerha_lpm_exporter/internal/durable"
	"powerha_lpm_exporter/internal/episode"
	"powerha_lpm_exporter/internal/freeze"
	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/peer"
	"powerha_lpm_exporter/internal/powerha"
	"powerha_lpm_exporter/internal/snapshot"
)

// tools is a command.Runner that answers with fixtures and counts. A tool in hung waits for its deadline.
type tools struct {
	command.Runner
	clk clock.Clock

	mu   sync.Mutex // guards what follows
	runs int
	hung map[string]bool
	gone map[string]bool
}

func (f *tools) Query(ctx context.Context, q command.Query) (command.Output, error) {
	tool := filepath.Base(q.Argv[0])
	f.mu.Lock()
	f.runs++
	hung, gone := f.hung[tool], f.gone[tool]
	f.mu.Unlock()
	switch {
	case gone:
		return command.Output{}, command.ErrMissing
	case hung:
		if err := clock.Sleep(ctx, f.clk, q.Timeout); err != nil {
			return command.Output{}, err
		}
		return command.Output{}, command.ErrTimeout
	}
	out, ok := fixtures()[tool+" "+q.Argv[len(q.Argv)-1]]
	if !ok {
		return command.Output{}, errors.New("no fixture for " + tool + " " + q.Argv[len(q.Argv)-1])
	}
	return command.Output{Stdout: []byte(out)}, nil
}

func (f *tools) set(m *map[string]bool, tool string, on bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if *m == nil {
		*m = make(map[string]bool)
	}
	(*m)[tool] = on
}

func (f *tools) count() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.runs
}

// fixtures are what the tools print, by name and last argument, of a two-node cluster of PowerHA 7.2.
func fixtures() map[string]string {
	return map[string]string{
		"clmgr cluster": "CLUSTER_NAME=\"c1\"\nSTATE=\"STABLE\"\nVERSION=\"7.2.7\"\nVERSION_NUMBER=\"23\"\nUNSYNCED_CHANGES=\"false\"\n" +
			"HEARTBEAT_FREQUENCY=\"30\"\nGRACE_PERIOD=\"10\"\nNETWORK_FAILURE_DETECTION_TIME=\"20\"\nLPM_POLICY=\"unmanage\"\n" +
			"HEARTBEAT_FREQUENCY_DURING_LPM=\"120\"\n",
		"clmgr node":                "# NAME:STATE:RAW_STATE\nn1:NORMAL:ST_STABLE\nn2:NORMAL:ST_STABLE\n",
		"clmgr application_monitor": "",
		"clRGinfo -s":               "rg1:ONLINE:n1: \nrg1:OFFLINE:n2: \n",
		"lssrc clstrmgrES":          "Current state: ST_STABLE\nsccsid = \"x\"\nCLversion: 23\nlocal node vrmf is 7270\n",
		"lssrc cthags":              "Subsystem         Group            PID     Status\n cthags           cthags           1     active\nDead Man Switch Enabled:\n   reset interval = 3 seconds\n   trip  interval = 30 seconds\n",
		"clctrl node_timeout":       "30000\n",
		"clctrl deadman_mode":       "a\n",
		"clctrl -a":                 "c1(11403f34).network_fdt = 20000\nc1(11403f34).node_timeout = 30000\n",
		"lsitab hacmp_lpm":          "",
		"lscluster -m": "Calling node query for all nodes...\nNode query number of nodes examined: 2\n\n" +
			"\tNode name: n1\n\tState of node:  UP  NODE_LOCAL\n\n\tNode name: n2\n\tState of node:  UP\n",
		"errpt CLIENT_PMIG_STARTED,CLIENT_PMIG_DONE,CLIENT_PMIG_ABORTED":                                                    "",
		"errpt BC3BE5A3,225E3B63,358D0A3E,1104AA28,67145A39,2BFA76F6,69350832,DD42A684,2DA324CB,AB59ABFF,C84C68D4,CAD234BE": "",
		"lsattr modelname": "systemid  IBM,0278ABCDE Hardware system identifier False\nmodelname IBM,9009-42A Machine name False\n",
		"ps pid,args":      "  PID COMMAND\n    1 /etc/init\n",
	}
}

// still is a sampler that never sees a gap.
type still struct{}

func (still) Run(ctx context.Context, _ func(freeze.Gap)) error {
	<-ctx.Done()
	return ctx.Err()
}

func (still) SetFine(bool) {}

// shell is a running exporter on fake tools.
type shell struct {
	*Exporter
	tools *tools
	dir   string
	stop  func()
}

func testOptions() Options {
	o := options()
	o.Interval, o.Timeout = 100*time.Millisecond, 200*time.Millisecond
	return o
}

func runShell(t *testing.T, o Options, dir string, prepare ...func(*tools)) *shell {
	t.Helper()
	clk := clock.System()
	f := &tools{clk: clk}
	for _, p := range prepare {
		p(f)
	}
	e, err := New(o, Deps{
		Clock: clk, Logger: log.NewNopLogger(), Runner: f, StateDir: dir, Sampler: still{},
		Reader: powerha.New(powerha.Options{Runner: f, Clock: clk, Timeout: o.Timeout}),
		Open:   func() (durable.FS, error) { return durable.OpenDir(dir) },
		Peers:  func(string, string, func(peer.Effect)) (Peers, string, error) { return nil, "", nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { e.Run(ctx); close(done) }()
	s := &shell{Exporter: e, tools: f, dir: dir, stop: sync.OnceFunc(func() { cancel(); <-done })}
	t.Cleanup(s.stop)
	return s
}

// stateDir is short enough for a socket in it.
func stateDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "exp")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// eventually waits for the condition by polling what the shell publishes.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			t.Fatalf("not within 10 s: %s", what)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func (s *shell) success(name string) func() bool {
	return func() bool {
		for _, c := range s.View().Collectors {
			if c.Name == name {
				return c.Success
			}
		}
		return false
	}
}

func not(f func() bool) func() bool { return func() bool { return !f() } }

func TestShell(t *testing.T) {
	dir := stateDir(t)
	s := runShell(t, testOptions(), dir)
	eventually(t, "the cluster is known", func() bool { return s.View().Cluster == "c1" && s.View().Node == "n1" })
	eventually(t, "every collector succeeds", func() bool {
		for _, c := range s.View().Collectors {
			if !c.Success {
				return false
			}
		}
		return s.Ready()
	})
	if !s.View().StateWritable {
		t.Error("says that it cannot write its state")
	}
	eventually(t, "the socket answers", func() bool {
		got, err := snapshot.Fetch(context.Background(), filepath.Join(dir, snapshot.SocketName))
		return err == nil && got.Node == "n1"
	})
	fsys, err := durable.OpenDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	e := model.EpisodeEvent{Time: time.Now(), Event: model.EventPre, Source: "dr", Episode: "ep"}
	if err := episode.Append(fsys, e); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the phase follows the log", func() bool { return s.View().Phase == model.PhasePreparing })
	s.stop()
	p, err := os.ReadFile(filepath.Join(dir, StateName))
	if err != nil {
		t.Fatal(err)
	}
	if state, err := LoadState(fsys, time.Now()); err != nil || state.Node != "n1" || len(state.Owners) != 1 {
		t.Errorf("state %s, %v", p, err)
	}
}

// Scrapes run no commands, however many there are and whatever hangs.
func TestScrapeRunsNoCommand(t *testing.T) {
	o := testOptions()
	o.Interval = time.Hour
	s := runShell(t, o, stateDir(t))
	eventually(t, "every source was read", s.Ready)
	before := s.tools.count()
	reg := prometheus.NewRegistry()
	reg.MustRegister(s.Collector())
	for range 200 {
		if _, err := reg.Gather(); err != nil {
			t.Fatal(err)
		}
	}
	if after := s.tools.count(); after != before {
		t.Errorf("200 scrapes ran %d commands", after-before)
	}
}

func TestHungToolAndBack(t *testing.T) {
	s := runShell(t, testOptions(), stateDir(t), func(f *tools) { f.set(&f.hung, "clRGinfo", true) })
	eventually(t, "the others succeed", s.success("cluster"))
	eventually(t, "variables too", s.success("variables"))
	eventually(t, "timeouts are counted", func() bool {
		for _, c := range s.View().Collectors {
			if c.Name == "resource_group" {
				return !c.Success && c.Timeouts > 0
			}
		}
		return false
	})
	s.tools.set(&s.tools.hung, "clRGinfo", false)
	eventually(t, "it comes back", s.success("resource_group"))
	s.tools.set(&s.tools.gone, "lscluster", true)
	eventually(t, "a missing tool fails its collector", not(s.success("cluster")))
	if !s.success("resource_group")() {
		t.Error("and another's")
	}
}

// A state folder that cannot be used: everything goes on in memory, and says so; when it can be used, all is kept.
func TestStateFolderMissing(t *testing.T) {
	dir := filepath.Join(stateDir(t), "later")
	s := runShell(t, testOptions(), dir)
	eventually(t, "it works", s.success("cluster"))
	if s.View().StateWritable || s.success("migration")() {
		t.Error("does not say that there is no state folder")
	}
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	eventually(t, "it takes the folder into use", func() bool { return s.View().StateWritable && s.success("migration")() })
}

func TestNewerState(t *testing.T) {
	dir := stateDir(t)
	path := filepath.Join(dir, StateName)
	if err := os.Mkdir(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	const newer = `{"version":99,"created":"2026-01-01T00:00:00Z"}`
	if err := os.WriteFile(path, []byte(newer), 0o600); err != nil {
		t.Fatal(err)
	}
	s := runShell(t, testOptions(), dir)
	eventually(t, "it works", s.success("cluster"))
	if s.View().StateWritable {
		t.Error("does not say that it keeps nothing")
	}
	s.stop()
	if p, err := os.ReadFile(path); err != nil || string(p) != newer {
		t.Errorf("the newer state was overwritten: %s, %v", p, err)
	}
}

func TestLoadState(t *testing.T) {
	now := start().Wall
	for name, tt := range map[string]struct {
		file string
		err  error
	}{
		"none":                  {"", nil},
		"rubbish":               {"rubbish", errors.New("counters begin anew")},
		"empty":                 {"{}", errors.New("no version")},
		"newer":                 {`{"version":9}`, ErrNewer},
		"newer, of other types": {`{"version":9,"histograms":[]}`, ErrNewer},
		"other buckets": {`{"version":1,"created":"2026-01-01T00:00:00Z","histograms":{"fused":{"bounds":[1],"counts":[1,1],"sum":3}},
			"silences":{"n2":{"bounds":[1],"counts":[1,1],"sum":3}}}`, nil},
	} {
		fsys := durable.NewMem()
		if tt.file != "" {
			if err := errors.Join(fsys.MkdirAll("exporter", 0o700), fsys.Replace(StateName, []byte(tt.file), 0o600)); err != nil {
				t.Fatal(err)
			}
		}
		s, err := LoadState(fsys, now)
		if (err == nil) != (tt.err == nil) || errors.Is(tt.err, ErrNewer) != errors.Is(err, ErrNewer) {
			t.Errorf("%s: error %v, want %v", name, err, tt.err)
		}
		if s.Version != stateVersion || s.Created.IsZero() || len(s.Histograms) != 4 || s.Histograms["fused"].Sum != 0 || len(s.Silences) != 0 {
			t.Errorf("%s: state %+v", name, s)
		}
	}
}

// A state that cannot be understood is kept aside and reported; the exporter goes on with a new one, which is kept.
func TestCorruptStateIsKept(t *testing.T) {
	dir := stateDir(t)
	if err := os.Mkdir(filepath.Join(dir, "exporter"), 0o700); err != nil {
		t.Fatal(err)
	}
	const corrupt = `{"version":1,"created":"2026-01-01T0`
	if err := os.WriteFile(filepath.Join(dir, StateName), []byte(corrupt), 0o600); err != nil {
		t.Fatal(err)
	}
	s := runShell(t, testOptions(), dir)
	eventually(t, "a new state is kept", func() bool { return s.success("cluster")() && s.View().StateWritable })
	s.stop()
	if p, err := os.ReadFile(filepath.Join(dir, CorruptName)); err != nil || string(p) != corrupt {
		t.Errorf("kept: %q, %v", p, err)
	}
	fsys, err := durable.OpenDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := LoadState(fsys, time.Now()); err != nil {
		t.Errorf("the new state: %v", err)
	}
}

func TestSaveThenLoadState(t *testing.T) {
	fsys := durable.NewMem()
	if err := fsys.MkdirAll("exporter", 0o700); err != nil {
		t.Fatal(err)
	}
	want := NewState(start().Wall)
	want.Cluster, want.Node = "c1", "n1"
	want.Histograms["fused"] = want.Histograms["fused"].Observe(4, "ep", start().Wall)
	want.Owners = []model.LastOwner{{Group: "rg1", Nodes: []string{"n1"}, At: start().Wall}}
	if err := SaveState(fsys, want); err != nil {
		t.Fatal(err)
	}
	got, err := LoadState(fsys, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if got.Node != "n1" || !got.Created.Equal(want.Created) || got.Histograms["fused"].Sum != 4 || got.Owners[0].Nodes[0] != "n1" {
		t.Errorf("got %+v", got)
	}
	fsys.ReadOnly(true)
	if err := SaveState(fsys, want); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("read-only: %v", err)
	}
}
