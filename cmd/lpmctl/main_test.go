package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/control"
	"powerha_lpm_exporter/internal/durable"
	"powerha_lpm_exporter/internal/episode"
	"powerha_lpm_exporter/internal/journal"
	"powerha_lpm_exporter/internal/model"
)

// program is the built lpmctl.
var program string

func TestMain(m *testing.M) { os.Exit(testMain(m)) }

func testMain(m *testing.M) int {
	dir, err := os.MkdirTemp("", "lpmctl")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	program = filepath.Join(dir, "lpmctl")
	if out, err := exec.Command("go", "build", "-o", program, ".").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// node is a simulated node: a configuration, a state folder and tools that print fixed texts.
type node struct {
	dir, config, state string
}

const (
	clusterText = `CLUSTER_NAME="prod"
STATE="STABLE"
VERSION="7.2.7.0"
VERSION_NUMBER="23"
UNSYNCED_CHANGES="false"
LPM_POLICY="manage"
HEARTBEAT_FREQUENCY_DURING_LPM="120"
`
	membersText = `Node name: n1
State of node: UP  NODE_LOCAL

Node name: n2
State of node: UP
`
	nodesText = "# NAME:STATE:RAW_STATE\nn1:%s:ST_STABLE\nn2:NORMAL:ST_STABLE\n"
)

// newNode makes a node on which n1, this one, is in that state.
func newNode(t *testing.T, state, extra string) *node {
	t.Helper()
	dir, err := os.MkdirTemp("", "n") // short, for the socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	n := &node{dir: dir, config: filepath.Join(dir, "c.yml"), state: filepath.Join(dir, "s")}
	n.tool(t, "clmgr", fmt.Sprintf("case \"$*\" in\n*'query cluster'*) cat <<'X'\n%sX\n;;\n*'query node'*) cat <<'X'\n"+nodesText+"X\n;;\nesac", clusterText, state))
	n.tool(t, "clRGinfo", "printf 'rg_db:ONLINE:n1:ignore:OHN:FNPN:FBHPN:ignore: : :\\nrg_db:OFFLINE:n2:ignore:OHN:FNPN:FBHPN:ignore: : :\\n'")
	n.tool(t, "lssrc", "printf 'Current state: ST_STABLE\\nCLversion: 23\\nlocal node vrmf is 7270\\n'")
	n.tool(t, "lscluster", "cat <<'X'\n"+membersText+"X")
	n.tool(t, "drmgr", fmt.Sprintf("echo \"$*\" >>%s/drmgr.log\n[ \"$1\" = -i ] && cp \"$2\" %s/\necho drmgr says so", dir, dir))
	n.write(t, n.config, fmt.Sprintf("state_dir: %s\ncluster:\n  commands: {clmgr: %[2]s/clmgr, clRGinfo: %[2]s/clRGinfo, lssrc: %[2]s/lssrc, lscluster: %[2]s/lscluster, drmgr: %[2]s/drmgr}\n%s", n.state, dir, extra), 0o600)
	if err := os.MkdirAll(filepath.Join(n.state, "actor"), 0o700); err != nil {
		t.Fatal(err)
	}
	return n
}

func (n *node) tool(t *testing.T, name, body string) {
	t.Helper()
	n.write(t, filepath.Join(n.dir, name), "#!/bin/sh\n"+body+"\n", 0o755)
}

func (n *node) write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

// lpmctl runs the program with the node's configuration.
func (n *node) lpmctl(t *testing.T, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	return start(t, nil, append([]string{"--config.file=" + n.config}, args...)...)
}

func start(t *testing.T, env []string, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env = append([]string{"PATH=/usr/bin:/bin"}, env...)
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return out.String(), errOut.String(), cmd.ProcessState.ExitCode()
}

// fakeActor answers on the node's control socket.
type fakeActor struct {
	mu     sync.Mutex // guards what follows
	status control.Status
	reply  control.OperatorReply
	dr     []control.DRReply
	asked  []control.OperatorRequest
	phases []control.DRRequest
}

func (f *fakeActor) DR(_ context.Context, r control.DRRequest, reply func(control.DRReply)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.phases = append(f.phases, r)
	for _, l := range f.dr {
		reply(l)
	}
}

func (f *fakeActor) Status(context.Context) control.Status {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.status
}

func (f *fakeActor) Operator(_ context.Context, r control.OperatorRequest, _ string) control.OperatorReply {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = append(f.asked, r)
	return f.reply
}

func (n *node) actor(t *testing.T, f *fakeActor) {
	t.Helper()
	path := filepath.Join(n.state, control.SocketName)
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- control.Serve(ctx, path, f) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		if _, err := control.NewClient(path).Status(ctx); err == nil {
			return
		} else if time.Now().After(end) {
			t.Fatal(err)
		}
	}
}

func want(t *testing.T, what, got string, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(got, p) {
			t.Errorf("%s: no %q in\n%s", what, p, got)
		}
	}
}

func TestUsage(t *testing.T) {
	n := newNode(t, "NORMAL", "")
	for _, args := range [][]string{{"nonsense"}, {"hold"}, {"approve", "--node", "n2"}, {"status", "--output", "xml"}, {"extend", "why"}, {"extend", "--for", "soon", "why"}} {
		out, errOut, status := n.lpmctl(t, args...)
		if status != exitUsage || !strings.HasPrefix(errOut, "lpmctl: ") || strings.Count(errOut, "\n") != 1 {
			t.Errorf("%v: status %d, %q, %q", args, status, out, errOut)
		}
	}
	if out, _, status := n.lpmctl(t, "--help"); status != 0 || !strings.Contains(out, "approve") {
		t.Errorf("help: %d, %s", status, out)
	}
	if out, _, status := n.lpmctl(t, "--version"); status != 0 || !strings.Contains(out, "lpmctl") {
		t.Errorf("version: %d, %s", status, out)
	}
}

func TestBadConfiguration(t *testing.T) {
	n := newNode(t, "NORMAL", "migration: {mode: gated}\nnonsense: 1\n")
	for _, verb := range []string{"status", "plan", "variables show", "journal show", "release x"} {
		_, errOut, status := n.lpmctl(t, strings.Fields(verb)...)
		if status != exitNo || !strings.Contains(errOut, "c.yml:5: nonsense: unknown key") || strings.Count(errOut, "\n") != 1 {
			t.Errorf("%s: status %d, %q", verb, status, errOut)
		}
	}
	_, errOut, status := start(t, nil, "--config.file=/none.yml", "status")
	if status != exitNo || !strings.Contains(errOut, "/none.yml") {
		t.Errorf("absent: status %d, %q", status, errOut)
	}
}

func TestConfigVerbs(t *testing.T) {
	n := newNode(t, "NORMAL", "")
	out, _, status := n.lpmctl(t, "config", "check")
	if status != 0 {
		t.Errorf("check: status %d", status)
	}
	want(t, "check", out, "observe: watches and never acts")
	bad := newNode(t, "NORMAL", "a: 1\nb: 2\n")
	_, errOut, status := bad.lpmctl(t, "config", "check")
	if status != exitNo || strings.Count(errOut, "\n") != 2 {
		t.Errorf("check of two faults: status %d, %q", status, errOut)
	}
	file := filepath.Join(n.dir, "new.yml")
	if _, errOut, status := n.lpmctl(t, "config", "init", file); status != 0 {
		t.Errorf("init: status %d, %s", status, errOut)
	}
	if out, errOut, status := start(t, nil, "--config.file="+file, "config", "check"); status != 0 {
		t.Errorf("check of init: status %d, %s%s", status, out, errOut)
	}
	if _, errOut, status := n.lpmctl(t, "config", "init", file); status != exitNo || !strings.Contains(errOut, "not overwritten") {
		t.Errorf("init again: status %d, %s", status, errOut)
	}
}

func TestStatusOfTheActor(t *testing.T) {
	n := newNode(t, "NORMAL", "")
	at := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	n.actor(t, &fakeActor{status: control.Status{
		At: model.Instant{Wall: at}, Cluster: "prod", Node: "n1", Mode: "gated", State: "confirming", Since: at.Add(-time.Minute),
		Decision: "wait", Reason: "gate_absent", Next: "waiting for the gate of this migration", Deadline: at.Add(10 * time.Minute),
		Episode:  model.Episode{ID: "20261124T115500-n1", Phase: model.PhaseSettling, PhaseStart: at.Add(-time.Minute), End: at.Add(-time.Minute), Result: model.ResultCompleted},
		Evidence: []model.EvidenceItem{{Name: "gate", Source: "http://prometheus.example.com:9090", Value: "absent", OK: false, Reason: "gate_absent"}, {Name: "cluster", Source: "clmgr", Value: "stable", OK: true}},
		Commands: []string{"/usr/es/sbin/cluster/utilities/clmgr start node n1 WHEN=now MANAGE=auto FIX=no BROADCAST=false"},
		Lost:     []control.LostNode{{Node: "n2", Groups: []string{"rg_db"}, Since: at.Add(-2 * time.Minute), Earliest: at.Add(time.Minute), Why: "an attestation is needed"}},
	}})
	out, errOut, status := n.lpmctl(t, "status")
	if status != 0 || errOut != "" {
		t.Fatalf("status %d, %s", status, errOut)
	}
	want(t, "status", out, "n1 of cluster prod, mode gated", "confirming since 11:59:00Z (1m0s ago)", "wait: gate_absent",
		"12:10:00Z (in 10m0s)", "completed 1m0s ago", "NO gate: absent", "ok cluster: stable", "n2 with [rg_db]", "failover possible from 12:01:00Z",
		"  /usr/es/sbin/cluster/utilities/clmgr start node n1 WHEN=now MANAGE=auto FIX=no BROADCAST=false\n")
	for line := range strings.Lines(out) {
		if len(line) > 81 && !strings.HasPrefix(line, "  /") {
			t.Errorf("more than 80 columns: %q", line)
		}
	}
	if strings.Contains(out, "\x1b") {
		t.Error("colour without a terminal")
	}
	var v view
	out, _, _ = n.lpmctl(t, "--output=json", "status")
	if err := json.Unmarshal([]byte(out), &v); err != nil || v.Actor == nil || v.Actor.State != "confirming" {
		t.Errorf("json: %v, %s", err, out)
	}
}

// Without the actor status and plan go on from journal, log and live reads, and print what to type.
func TestWithoutTheActor(t *testing.T) {
	n := newNode(t, "UNMANAGED", "")
	fs, err := durable.OpenDir(n.state)
	if err != nil {
		t.Fatal(err)
	}
	if err := episode.Append(fs, model.EpisodeEvent{Time: time.Now(), Event: model.EventPre, Source: "dr", Episode: "ep-7"}); err != nil {
		t.Fatal(err)
	}
	fill(t, n, 2)
	out, errOut, status := n.lpmctl(t, "status")
	if status != 0 {
		t.Errorf("status %d, %s", status, errOut)
	}
	want(t, "status", out, "does not answer", "n1 is unmanaged", "prod is stable", "LPM_POLICY manage", "rg_db on n1: online",
		"ep-7, preparing", "last record 2", "  "+n.dir+"/clmgr start node n1 WHEN=now MANAGE=auto")

	out, _, status = n.lpmctl(t, "plan")
	if status != 0 {
		t.Errorf("plan: status %d", status)
	}
	want(t, "plan", out, "node n1 is unmanaged, not normal", "nothing would be done by itself", "LPM_POLICY=unmanage", "clmgr sync cluster",
		"clmgr stop node n1", "clmgr start node n1", "after it, once the applications are healthy (you, by hand)")

	// The product's tools gone as well: nothing is known, and it says so.
	if err := os.RemoveAll(filepath.Join(n.dir, "clmgr")); err != nil {
		t.Fatal(err)
	}
	for _, tool := range []string{"clRGinfo", "lssrc"} {
		if err := os.Remove(filepath.Join(n.dir, tool)); err != nil {
			t.Fatal(err)
		}
	}
	if out, _, status := n.lpmctl(t, "status"); status != exitUnreachable || !strings.Contains(out, "cluster.commands.clmgr") {
		t.Errorf("status %d, %s", status, out)
	}
}

func TestVariablesShow(t *testing.T) {
	n := newNode(t, "NORMAL", "")
	out, _, status := n.lpmctl(t, "variables", "show")
	if status != exitNo {
		t.Errorf("status %d: LPM_POLICY differs", status)
	}
	want(t, "show", out, "LPM_POLICY                       manage       unmanage     differs", "HEARTBEAT_FREQUENCY_DURING_LPM   120          120")
	n = newNode(t, "NORMAL", "variables: {lpm_policy: manage}\n")
	if out, _, status := n.lpmctl(t, "variables", "show"); status != 0 {
		t.Errorf("status %d, %s", status, out)
	}
}

func TestOperatorVerbs(t *testing.T) {
	n := newNode(t, "NORMAL", "")
	f := &fakeActor{reply: control.OperatorReply{Accepted: true, Message: "done"}}
	n.actor(t, f)
	for _, tc := range []struct {
		args []string
		want control.OperatorRequest
	}{
		{[]string{"hold", "lunch"}, control.OperatorRequest{Verb: control.VerbHold, Reason: "lunch"}},
		{[]string{"release", "back"}, control.OperatorRequest{Verb: control.VerbRelease, Reason: "back"}},
		{[]string{"extend", "--for=1h30m", "long restart"}, control.OperatorRequest{Verb: control.VerbExtend, Reason: "long restart", For: 90 * time.Minute}},
		{[]string{"resume"}, control.OperatorRequest{Verb: control.VerbResume, Reason: "asked by an operator"}},
		{[]string{"resume", "--override", "I looked"}, control.OperatorRequest{Verb: control.VerbResume, Reason: "I looked", Override: true}},
		{[]string{"end", "HMC says so"}, control.OperatorRequest{Verb: control.VerbEnd, Reason: "HMC says so"}},
		{[]string{"acknowledge", "seen"}, control.OperatorRequest{Verb: control.VerbAcknowledge, Reason: "seen"}},
		{[]string{"variables", "apply"}, control.OperatorRequest{Verb: control.VerbApply}},
		{[]string{"variables", "restore", "--reason=r"}, control.OperatorRequest{Verb: control.VerbRestore, Reason: "r"}},
		{
			[]string{"approve", "--i-have-powered-it-off", "HMC: Not Activated", "--node=n2", "--group=a", "--group=b"},
			control.OperatorRequest{Verb: control.VerbApproveFailover, Reason: "HMC: Not Activated", Node: "n2", Groups: []string{"a", "b"}},
		},
	} {
		out, errOut, status := start(t, []string{"SUDO_USER=anna"}, append([]string{"--config.file=" + n.config}, tc.args...)...)
		if status != 0 || !strings.Contains(out, "accepted: done") {
			t.Errorf("%v: status %d, %s%s", tc.args, status, out, errOut)
		}
		tc.want.SudoUser = "anna"
		f.mu.Lock()
		got := fmt.Sprintf("%+v", f.asked[len(f.asked)-1])
		f.mu.Unlock()
		if w := fmt.Sprintf("%+v", tc.want); got != w {
			t.Errorf("%v:\n got %s\nwant %s", tc.args, got, w)
		}
	}
	f.mu.Lock()
	f.reply = control.OperatorReply{Reason: "mode_observe", Message: "the actor only observes", Commands: []string{"/x/clmgr start node n1"}}
	f.mu.Unlock()
	out, _, status := n.lpmctl(t, "resume")
	if status != exitNo {
		t.Errorf("refused: status %d", status)
	}
	want(t, "refused", out, "refused (mode_observe): the actor only observes", "  /x/clmgr start node n1\n")
	if _, errOut, status := newNode(t, "NORMAL", "").lpmctl(t, "hold", "x"); status != exitUnreachable || !strings.Contains(errOut, "lpmctl plan") {
		t.Errorf("without the actor: status %d, %s", status, errOut)
	}
}

// fill writes a journal of so many records.
func fill(t *testing.T, n *node, records int) {
	t.Helper()
	fs, err := durable.OpenDir(filepath.Join(n.state, "actor"))
	if err != nil {
		t.Fatal(err)
	}
	j, _, _, err := journal.Open(fs, clock.System(), 0)
	if err != nil {
		t.Fatal(err)
	}
	for i := range records {
		if _, err := j.Append("decision", fmt.Sprintf("ep-%d", i+1), map[string]string{"what": "wait"}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestJournalVerbs(t *testing.T) {
	n := newNode(t, "NORMAL", "")
	if out, _, status := n.lpmctl(t, "journal", "verify"); status != 0 || !strings.Contains(out, "0 records") {
		t.Errorf("no journal: status %d, %s", status, out)
	}
	fill(t, n, 3)
	out, _, status := n.lpmctl(t, "journal", "show", "--episode=ep-2")
	if status != 0 || !strings.Contains(out, `{"what":"wait"}`) || strings.Contains(out, "ep-1") {
		t.Errorf("show: status %d, %s", status, out)
	}
	out, _, _ = n.lpmctl(t, "--output=json", "journal", "show")
	for line := range strings.Lines(out) {
		if !json.Valid([]byte(line)) {
			t.Errorf("no JSON: %q", line)
		}
	}
	if out, _, status := n.lpmctl(t, "journal", "verify"); status != 0 || !strings.Contains(out, "3 records whole") {
		t.Errorf("verify: status %d, %s", status, out)
	}
	path := filepath.Join(n.state, "actor", journal.Name)
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	n.write(t, path, string(b[:len(b)-30]), 0o600)
	if _, errOut, status := n.lpmctl(t, "journal", "verify"); status != 0 || !strings.Contains(errOut, "record 3 was not written to its end") {
		t.Errorf("torn: status %d, %s", status, errOut)
	}
	n.write(t, path, strings.Replace(string(b), "ep-2", "ep-9", 1), 0o600)
	if _, errOut, status := n.lpmctl(t, "journal", "verify"); status != exitNo || !strings.Contains(errOut, "record 2: journal is damaged") {
		t.Errorf("altered: status %d, %s", status, errOut)
	}
}

func TestDRInstallAndStub(t *testing.T) {
	n := newNode(t, "NORMAL", "")
	out, errOut, status := n.lpmctl(t, "dr", "install")
	if status != 0 || !strings.Contains(out, "drmgr says so") {
		t.Fatalf("install: status %d, %s%s", status, out, errOut)
	}
	log, err := os.ReadFile(filepath.Join(n.dir, "drmgr.log"))
	if err != nil || !strings.HasPrefix(string(log), "-i ") || !strings.HasSuffix(string(log), "/aa_powerha_lpm -f\n") {
		t.Errorf("drmgr was called with %q, %v", log, err)
	}
	for verb, args := range map[string]string{"uninstall": "-u aa_powerha_lpm", "list": "-l"} {
		if _, errOut, status := n.lpmctl(t, "dr", verb); status != 0 {
			t.Errorf("%s: status %d, %s", verb, status, errOut)
		}
		if log, _ := os.ReadFile(filepath.Join(n.dir, "drmgr.log")); !strings.HasSuffix(string(log), args+"\n") {
			t.Errorf("%s: drmgr.log %q", verb, log)
		}
	}
	f := &fakeActor{dr: []control.DRReply{{Done: true, Verdict: control.VerdictOK, Message: "unmanaged"}}}
	n.actor(t, f)
	stub := filepath.Join(n.dir, stubName)
	run := func(args ...string) (string, int) {
		cmd := exec.Command(stub, args...)
		cmd.Env = []string{"GODEBUG=nonsense=1", "DR_FORCE=FALSE"}
		out, err := cmd.Output()
		if err != nil && cmd.ProcessState == nil {
			t.Fatal(err)
		}
		return string(out), cmd.ProcessState.ExitCode()
	}
	if out, status := run("scriptinfo"); status != 0 || !strings.Contains(out, "DR_TIMEOUT=300\n") {
		t.Errorf("scriptinfo: %d, %s", status, out)
	}
	if out, status := run("premigrate", "pmig"); status != 0 || out != "DR_LOG_INFO=powerha_lpm: unmanaged\n" {
		t.Errorf("premigrate: %d, %s", status, out)
	}
	f.mu.Lock()
	if len(f.phases) != 1 || f.phases[0].Phase != model.EventPre {
		t.Errorf("the actor was asked %+v", f.phases)
	}
	f.mu.Unlock()
	b, err := os.ReadFile(filepath.Join(n.state, episode.LogName))
	if events, damaged := episode.Parse(b); err != nil || damaged > 0 || len(events) != 2 {
		t.Errorf("log: %s, %v", b, err)
	}
	// The program is gone: the migration goes on.
	text, err := os.ReadFile(stub)
	if err != nil {
		t.Fatal(err)
	}
	n.write(t, stub, strings.ReplaceAll(string(text), program, "/gone/lpmctl"), 0o755)
	if out, status := run("checkmigrate", "pmig"); status != 0 || !strings.HasPrefix(out, "DR_LOG_WARNING=powerha_lpm: /gone/lpmctl is gone") {
		t.Errorf("gone: %d, %s", status, out)
	}
	if out, status := run("scriptinfo"); status != 0 || !strings.Contains(out, "DR_VERSION=1\n") || !strings.Contains(out, "DR_TIMEOUT=300\n") {
		t.Errorf("gone: %d, %s", status, out)
	}
}

func TestDRWithoutActorAndWithBadConfiguration(t *testing.T) {
	n := newNode(t, "NORMAL", "nonsense: 1\n")
	out, errOut, status := n.lpmctl(t, "dr", "premigrate", "pmig")
	if status != 0 || errOut != "" {
		t.Errorf("status %d, %s", status, errOut)
	}
	want(t, "dr", out, "DR_LOG_WARNING=powerha_lpm: configuration not used", "nonsense: unknown key", "left to PowerHA alone")
	if _, err := os.Stat(filepath.Join(n.state, episode.LogName)); err != nil {
		t.Errorf("the log was not written although state_dir is right: %v", err)
	}
}

// What drmgr calls is told apart before anything can fail on flags.
func TestDRCall(t *testing.T) {
	linux := []string{"DRC_TYPE=pmig", "PHASE=check"}
	for _, tc := range []struct {
		args, environ []string
		file, rest    string
		ok            bool
	}{
		{nil, linux, "", "", true},
		{nil, []string{"DRC_TYPE=cpu"}, "", "", false},
		{nil, nil, "", "", false},
		{[]string{"status"}, linux, "", "", false},
		{[]string{"dr", "checkmigrate", "pmig"}, nil, "", "checkmigrate pmig", true},
		{[]string{"--config.file=/c", "dr", "premigrate", "--odd"}, nil, "/c", "premigrate --odd", true},
		{[]string{"dr"}, nil, "", "", false},
		{[]string{"dr", "--help"}, nil, "", "", false},
		{[]string{"dr", "install"}, nil, "", "", false},
		{[]string{"--config.file=/c", "dr", "list"}, nil, "", "", false},
	} {
		file, rest, ok := drCall(tc.args, tc.environ)
		if file != tc.file || strings.Join(rest, " ") != tc.rest || ok != tc.ok {
			t.Errorf("%v %v: %q, %q, %v", tc.args, tc.environ, file, rest, ok)
		}
	}
}

func TestDocsMetrics(t *testing.T) {
	out, _, status := start(t, nil, "docs", "metrics")
	if status != 0 {
		t.Fatalf("status %d", status)
	}
	want(t, "docs", out, "# Metrics", "| `powerha_lpm_phase` |", "| `powerha_actor_state` |")
}

func TestWrapAndShell(t *testing.T) {
	for line := range strings.Lines(wrap(strings.Repeat("word ", 100)+strings.Repeat("x", 200), 7)) {
		if len(strings.TrimRight(line, "\n")) > width || !strings.HasPrefix(line, "       ") {
			t.Errorf("%q", line)
		}
	}
	if got := shell([]string{"/x/clmgr", "a b", "it's", "K=v"}); got != `/x/clmgr 'a b' 'it'\''s' K=v` {
		t.Errorf("shell: %s", got)
	}
}
