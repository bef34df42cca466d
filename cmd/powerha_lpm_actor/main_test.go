package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/control"
	"powerha_lpm_exporter/internal/model"
)

var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "actor")
	if err != nil {
		panic(err)
	}
	binary = filepath.Join(dir, name)
	build := exec.Command("go", "build", "-trimpath", "-o", binary, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // as it is shipped
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "%s", out)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// tool stands in for every command of the node; what the node is lies beside it.
const tool = `#!/bin/sh
d=${0%/*}
read state <"$d/state"
case "${0##*/} $*" in
"clmgr query cluster") echo 'CLUSTER_NAME="c1"'; echo 'STATE="STABLE"'; echo 'VERSION="7.2.7"'; echo 'UNSYNCED_CHANGES="false"'
	echo 'LPM_POLICY="unmanage"'; echo 'HEARTBEAT_FREQUENCY_DURING_LPM="120"' ;;
"clmgr -cv -a name,state,raw_state query node") echo '# NAME:STATE:RAW_STATE'; echo "n1:$state:ST_STABLE"; echo 'n2:NORMAL:ST_STABLE' ;;
"clmgr stop node n1 WHEN=now MANAGE=unmanage BROADCAST=false") echo "$*" >>"$d/acts"; sleep 2; echo UNMANAGED >"$d/state" ;;
"clmgr "*) echo "$*" >>"$d/acts" ;;
"clRGinfo -s") [ "$state" = NORMAL ] && a=ONLINE b=OFFLINE || a=UNMANAGED b=UNMANAGED; echo "rg:$a:n1"; echo "rg:$b:n2" ;;
"lssrc -ls clstrmgrES") echo 'Current state: ST_STABLE'; echo 'CLversion: 23'; echo 'local node vrmf is 7270' ;;
"lssrc -ls cthags") echo 'Dead Man Switch Enabled' ;;
"lssrc -g cluster") echo 'Subsystem Group PID Status'; echo ' clstrmgrES cluster 1 active' ;;
"clctrl -tune -x node_timeout") echo 30000 ;;
"clctrl -tune -x deadman_mode") echo a ;;
"drmgr -l") echo 'DR Install Root Directory: /usr/lib/dr/scripts'; echo 'Syslog ID: DRMGR'; echo '/usr/lib/dr/scripts/all/aa_powerha_lpm ours'; echo '/usr/lib/dr/scripts/all/cl_dr theirs' ;;
"lsitab hacmp_lpm") exit 1 ;;
"ps -e -o pid,args") echo 'PID COMMAND'; echo '1 /etc/init' ;;
*) exit 0 ;;
esac
`

// node is a simulated node's folder and configuration.
type node struct {
	t             testing.TB
	dir, cfg, web string
	cmd           *exec.Cmd
	stderr        bytes.Buffer
}

func newNode(t testing.TB, extra string) *node {
	t.Helper()
	n := &node{t: t, dir: t.TempDir(), web: freePort(t)}
	var b strings.Builder
	fmt.Fprintf(&b, "state_dir: %s/var\ncluster:\n  name: c1\n  node: n1\n  interval: 1s\n  commands:\n", n.dir)
	for _, c := range commands() {
		fmt.Fprintf(&b, "    %s: %s/%s\n", c, n.dir, c)
	}
	b.WriteString("notify: {syslog: false, errlog: false}\n" + extra)
	n.cfg = filepath.Join(n.dir, "config.yml")
	n.tools(tool)
	for path, text := range map[string]string{n.cfg: b.String(), filepath.Join(n.dir, "state"): "NORMAL\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return n
}

func commands() []string {
	return []string{"clmgr", "clRGinfo", "lssrc", "clctrl", "drmgr", "lsitab", "ps", "errpt", "lscluster", "lsattr"}
}

// tools puts the script in the place of every command.
func (n *node) tools(script string) {
	n.t.Helper()
	for _, c := range commands() {
		if err := os.WriteFile(filepath.Join(n.dir, c), []byte(script), 0o755); err != nil {
			n.t.Fatal(err)
		}
	}
}

// replace edits the configuration.
func (n *node) replace(from, to string) {
	n.t.Helper()
	b, err := os.ReadFile(n.cfg)
	if err != nil || !bytes.Contains(b, []byte(from)) {
		n.t.Fatalf("%q is not in the configuration: %v", from, err)
	}
	if err := os.WriteFile(n.cfg, bytes.Replace(b, []byte(from), []byte(to), 1), 0o600); err != nil {
		n.t.Fatal(err)
	}
}

const gated = `
migration: {mode: gated}
confirmation: {prometheus_urls: ["http://127.0.0.1:1"]}
probes: [{resource_group: rg, name: tcp, type: tcp, target: "127.0.0.1:1"}]
`

func freePort(t testing.TB) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func (n *node) state() string { return filepath.Join(n.dir, "var") }

func (n *node) start(args ...string) {
	n.t.Helper()
	n.cmd = exec.Command(binary, append([]string{"--config.file", n.cfg, "--web.listen-address", n.web}, args...)...)
	n.cmd.Stderr = &n.stderr
	if err := n.cmd.Start(); err != nil {
		n.t.Fatal(err)
	}
	cmd := n.cmd
	n.t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	n.until("ready", func() bool { return strings.HasPrefix(n.get("/-/ready"), "ready") })
}

// kill ends the program at once.
func (n *node) kill() {
	_ = n.cmd.Process.Kill()
	_ = n.cmd.Wait()
}

func (n *node) until(what string, ok func() bool) {
	n.t.Helper()
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if ok() {
			return
		}
	}
	n.t.Fatalf("not in time: %s\n%s", what, n.stderr.String())
}

func (n *node) get(path string) string {
	r, err := http.Get("http://" + n.web + path)
	if err != nil {
		return ""
	}
	defer r.Body.Close()
	b, _ := io.ReadAll(r.Body)
	return string(b)
}

func (n *node) client() *control.Client {
	return control.NewClient(filepath.Join(n.state(), control.SocketName))
}

func (n *node) acts() string {
	b, _ := os.ReadFile(filepath.Join(n.dir, "acts"))
	return string(b)
}

func TestObserves(t *testing.T) {
	n := newNode(t, "")
	n.start()
	n.until("metrics", func() bool {
		m := n.get("/metrics")
		return strings.Contains(m, `powerha_actor_state{cluster="c1",node="n1",state="observing"} 1`) &&
			strings.Contains(m, `powerha_actor_preflight_ready{check="node",cluster="c1",node="n1"} 1`)
	})
	if s := n.get("/status"); !strings.Contains(s, `"state": "observing"`) {
		t.Errorf("status %s", s)
	}
	r, err := n.client().Operator(t.Context(), control.OperatorRequest{Verb: control.VerbApply})
	if err != nil || r.Accepted || r.Reason != "mode_observe" {
		t.Errorf("reply %+v, %v", r, err)
	}
	if r, err := http.Post("http://"+n.web+"/status", "", nil); err != nil {
		t.Error(err)
	} else if _ = r.Body.Close(); r.StatusCode != http.StatusMethodNotAllowed {
		t.Errorf("a POST was answered with %s", r.Status)
	}
	if n.acts() != "" {
		t.Errorf("acts: %s", n.acts())
	}
	if err := n.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := n.cmd.Wait(); err != nil {
		t.Errorf("ended with %v\n%s", err, n.stderr.String())
	}
}

// A prepare that is killed after the stop was launched goes on, is adopted, and is not run twice.
func TestGatedPrepareSurvivesKill(t *testing.T) {
	n := newNode(t, gated)
	n.start()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var launched *control.Launched
	err := n.client().DR(ctx, control.DRRequest{Phase: model.EventPre, Episode: "e1", Limit: 20 * time.Second}, func(r control.DRReply) {
		if r.Launched != nil {
			launched = r.Launched
			_ = n.cmd.Process.Kill()
		}
	})
	if err == nil || launched == nil || launched.PID == 0 {
		t.Fatalf("launched %+v, %v\n%s", launched, err, n.stderr.String())
	}
	_ = n.cmd.Wait()
	n.start()
	n.until("suspended", func() bool { return strings.Contains(n.get("/status"), `"state": "unmanaged_only"`) })
	if strings.Count(n.acts(), "stop node") != 1 {
		t.Errorf("acts: %s", n.acts())
	}
	if s := n.get("/status"); !strings.Contains(s, `"owners": {`) {
		t.Errorf("the record was lost: %s", s)
	}
}

func TestGatedPrepareAnswersUnmanaged(t *testing.T) {
	n := newNode(t, gated)
	n.start()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var last control.DRReply
	if err := n.client().DR(ctx, control.DRRequest{Phase: model.EventPre, Episode: "e1", Limit: 20 * time.Second}, func(r control.DRReply) { last = r }); err != nil {
		t.Fatalf("%v\n%s", err, n.stderr.String())
	}
	if last.Verdict != control.VerdictOK || !last.Done {
		j, _ := os.ReadFile(filepath.Join(n.state(), "actor", "journal.jsonl"))
		t.Fatalf("answer %+v; journal:\n%s", last, j)
	}
	n.until("counted", func() bool {
		return strings.Contains(n.get("/metrics"), `powerha_actor_commands_total{cluster="c1",command="unmanage",node="n1",result="ok"} 1`)
	})
}

func TestDryRunRunsNothing(t *testing.T) {
	n := newNode(t, gated)
	n.start("--dry-run")
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var last control.DRReply
	if err := n.client().DR(ctx, control.DRRequest{Phase: model.EventPre, Episode: "e1", Limit: 20 * time.Second}, func(r control.DRReply) { last = r }); err != nil {
		t.Fatal(err)
	}
	if last.Reason != "prepare_refused_dry_run" || n.acts() != "" {
		t.Errorf("answer %+v, acts %s", last, n.acts())
	}
	b, err := os.ReadFile(filepath.Join(n.state(), "actor", "journal.jsonl"))
	if err != nil || !strings.Contains(string(b), `"stop","node","n1"`) {
		t.Errorf("the command was not written down: %v %s", err, b)
	}
	if !strings.Contains(n.get("/metrics"), `powerha_actor_dry_run{cluster="c1",node="n1"} 1`) {
		t.Error("not shown as a metric")
	}
}

func TestRefusesToStart(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	tests := map[string]struct {
		set  func(*node)
		args []string
		code int
		text string
	}{
		"unknown flag":   {nil, []string{"--nonsense"}, 2, "nonsense"},
		"taken path":     {nil, []string{"--web.telemetry-path", "/status"}, 2, "--web.telemetry-path"},
		"useless flag":   {nil, []string{"--webhook.config.file", "x"}, 2, "--webhook.listen-address"},
		"missing config": {nil, []string{"--config.file", "/nonexistent.yml"}, 1, "/nonexistent.yml"},
		"port in use":    {nil, []string{"--web.listen-address", busy.Addr().String()}, 1, "--web.listen-address"},
		"state folder": {func(n *node) {
			_ = os.WriteFile(n.state(), nil, 0o600)
		}, nil, 1, "state_dir"},
		"broken journal": {func(n *node) {
			_ = os.MkdirAll(filepath.Join(n.state(), "actor"), 0o700)
			_ = os.WriteFile(filepath.Join(n.state(), "actor", "journal.jsonl"), []byte("{\"version\":1}\n{\"version\":1}\n"), 0o600)
		}, nil, 1, "lpmctl journal verify"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			n := newNode(t, "")
			if tt.set != nil {
				tt.set(n)
			}
			args := append([]string{"--config.file", n.cfg, "--web.listen-address", n.web}, tt.args...)
			if name == "port in use" || name == "missing config" {
				args = append(tt.args, "--config.file", n.cfg)
				if name == "missing config" {
					args = append(tt.args, "--web.listen-address", n.web)
				}
			}
			var out, errs bytes.Buffer
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			code := run(ctx, args, &out, &errs)
			if code != tt.code || !strings.Contains(errs.String(), tt.text) || strings.Count(strings.TrimSpace(errs.String()), "\n") > 0 {
				t.Errorf("exit %d, want %d; said %q, want one line with %q", code, tt.code, errs.String(), tt.text)
			}
		})
	}
}

func TestWebhookOnlyWakes(t *testing.T) {
	n := newNode(t, "")
	hook := freePort(t)
	n.start("--webhook.listen-address", hook)
	for _, body := range []string{"{}", "not json", strings.Repeat("x", 2<<20), "{}"} {
		r, err := http.Post("http://"+hook+"/api/v1/alerts", "application/json", strings.NewReader(body))
		if err == nil {
			r.Body.Close()
		}
	}
	m := n.get("/metrics")
	for _, want := range []string{`result="accepted"} 1`, `result="rejected"} 1`, `result="limited"} 2`} {
		if !strings.Contains(m, "powerha_actor_webhook_requests_total{cluster=\"c1\",node=\"n1\","+want) {
			t.Errorf("no %s", want)
		}
	}
}
