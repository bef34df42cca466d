package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/daemon"
	"powerha_lpm_exporter/internal/snapshot"
)

// The test binary is the program when this is set.
const asProgram = "POWERHA_TEST_RUN_EXPORTER"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// tool writes a fake command: it notes that it ran, and prints.
func tool(t testing.TB, dir, name, body string) {
	t.Helper()
	script := "#!/bin/sh\necho " + name + " >>" + filepath.Join(dir, "ran") + "\n" + body + "\n"
	if err := os.WriteFile(filepath.Join(dir, name), []byte(script), 0o700); err != nil { //nolint:gosec // it is to be run
		t.Fatal(err)
	}
}

// tools writes the commands of a calm two-node cluster.
func tools(t testing.TB, dir string) {
	t.Helper()
	tool(t, dir, "clmgr", `case "$*" in
*"query cluster"*) printf 'CLUSTER_NAME="c1"\nSTATE="STABLE"\nVERSION="7.2.7"\nVERSION_NUMBER="23"\nUNSYNCED_CHANGES="false"\nHEARTBEAT_FREQUENCY="30"\nGRACE_PERIOD="10"\nLPM_POLICY="unmanage"\nHEARTBEAT_FREQUENCY_DURING_LPM="120"\n';;
*"query node"*) printf '# NAME:STATE:RAW_STATE\nn1:NORMAL:ST_STABLE\nn2:NORMAL:ST_STABLE\n';;
esac`)
	tool(t, dir, "clRGinfo", `printf 'rg1:ONLINE:n1: \nrg1:OFFLINE:n2: \n'`)
	tool(t, dir, "lssrc", `case "$*" in
*clstrmgrES*) printf 'Current state: ST_STABLE\nCLversion: 23\nlocal node vrmf is 7270\n';;
*cthags*) printf 'Subsystem         Group            PID     Status\n cthags           cthags           1     active\nDead Man Switch Enabled:\n   reset interval = 3 seconds\n   trip  interval = 30 seconds\n';;
esac`)
	tool(t, dir, "clctrl", `case "$*" in *node_timeout*) echo 30000;; *-a*) echo 'c1(11403f34).network_fdt = 20000';; *) echo a;; esac`)
	tool(t, dir, "lsitab", "exit 1")
	tool(t, dir, "lscluster", `printf 'Calling node query for all nodes...\nNode query number of nodes examined: 2\n\n\tNode name: n1\n\tState of node:  UP  NODE_LOCAL\n\n\tNode name: n2\n\tState of node:  UP\n'`)
	tool(t, dir, "errpt", ":")
	tool(t, dir, "lsattr", `printf 'systemid  IBM,0278ABCDE Hardware system identifier False\nmodelname IBM,9009-42A Machine name False\n'`)
	tool(t, dir, "ps", `printf '  PID COMMAND\n    1 /etc/init\n'`)
}

type process struct {
	t    testing.TB
	cmd  *exec.Cmd
	url  string
	dir  string
	conf string

	mu  sync.Mutex // guards what follows
	log bytes.Buffer
	eof chan struct{}
}

// begin starts the program on a free port and waits until it listens.
func begin(t testing.TB, dir, extra string, args ...string) *process {
	t.Helper()
	return beginProgram(t, os.Args[0], dir, extra, args...)
}

func beginProgram(t testing.TB, program, dir, extra string, args ...string) *process {
	t.Helper()
	p := &process{t: t, dir: dir, conf: filepath.Join(dir, "config.yml"), eof: make(chan struct{})}
	p.configure(extra)
	args = append([]string{"--config.file=" + p.conf, "--web.listen-address=127.0.0.1:0", "--allow-root"}, args...)
	p.cmd = exec.Command(program, args...)
	p.cmd.Env = append(os.Environ(), asProgram+"=1")
	out, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	addr := make(chan string, 1)
	go p.follow(out, addr)
	t.Cleanup(func() { p.end(syscall.SIGKILL) })
	select {
	case a := <-addr:
		p.url = "http://" + a
	case <-p.eof:
		t.Fatalf("the program ended:\n%s", p.said())
	}
	return p
}

var listening = regexp.MustCompile(`msg="Listening on".* address=(\S+)`)

func (p *process) follow(r io.Reader, addr chan<- string) {
	defer close(p.eof)
	for s := bufio.NewScanner(r); s.Scan(); {
		p.mu.Lock()
		p.log.WriteString(s.Text() + "\n")
		p.mu.Unlock()
		if m := listening.FindStringSubmatch(s.Text()); m != nil {
			addr <- m[1]
		}
	}
}

func (p *process) said() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.log.String()
}

func (p *process) configure(extra string) {
	p.t.Helper()
	var b strings.Builder
	b.WriteString("cluster:\n  interval: 200ms\n  timeout: 1s\n  commands:\n")
	for _, c := range []string{"clmgr", "clRGinfo", "lssrc", "clctrl", "lsitab", "lscluster", "errpt", "lsattr", "ps"} {
		fmt.Fprintf(&b, "    %s: %s\n", c, filepath.Join(p.dir, c))
	}
	fmt.Fprintf(&b, "state_dir: %s\n%s\n", filepath.Join(p.dir, "state"), extra)
	if err := os.WriteFile(p.conf, []byte(b.String()), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// end sends the signal and waits; it returns the exit code.
func (p *process) end(sig os.Signal) int {
	if p.cmd.ProcessState == nil {
		_ = p.cmd.Process.Signal(sig)
		<-p.eof
		_ = p.cmd.Wait()
	}
	return p.cmd.ProcessState.ExitCode()
}

func (p *process) get(path string) (int, string) {
	p.t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, p.url+path, http.NoBody)
	if err != nil {
		p.t.Fatal(err)
	}
	return p.do(req)
}

func (p *process) do(req *http.Request) (int, string) {
	p.t.Helper()
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		p.t.Fatalf("%v\n%s", err, p.said())
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return resp.StatusCode, string(body)
}

func (p *process) has(series string) func() bool {
	return func() bool {
		_, body := p.get("/metrics")
		return strings.Contains(body, series+"\n")
	}
}

func (p *process) eventually(what string, ok func() bool) {
	p.t.Helper()
	deadline := time.Now().Add(15 * time.Second)
	for !ok() {
		if time.Now().After(deadline) {
			_, body := p.get("/metrics")
			p.t.Fatalf("not within 15 s: %s\n%s\n%s", what, p.said(), body)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func folder(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "lpm") // short enough for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	tools(t, dir)
	return dir
}

const up = `powerha_exporter_collector_success{cluster="c1",collector="%s",node="n1"} %d`

func TestEndToEnd(t *testing.T) {
	dir := folder(t)
	p := begin(t, dir, "", "--web.enable-lifecycle")
	for _, c := range []string{"migration", "freeze", "resource_group", "cluster", "variables", "application", "peer"} {
		p.eventually(c+" succeeds", p.has(fmt.Sprintf(up, c, 1)))
	}
	for _, series := range []string{
		`powerha_lpm_phase{cluster="c1",node="n1",phase="idle"} 1`,
		`powerha_node_managed{cluster="c1",node="n1"} 1`,
		`powerha_resource_group_owner{cluster="c1",node="n1",resource_group="rg1"} 1`,
		`powerha_lpm_policy{cluster="c1",node="n1",policy="unmanage"} 1`,
		`powerha_dead_man_switch_enabled{cluster="c1",node="n1",switch="cthags"} 1`,
		`powerha_lpm_server_info{cluster="c1",node="n1",serial="0278ABCDE",type_model="9009-42A"} 1`,
		`powerha_caa_node_timeout_seconds{cluster="c1",node="n1"} 30`,
	} {
		p.eventually(series, p.has(series))
	}
	for path, text := range map[string]string{
		"/": "PowerHA LPM Exporter", "/status": "rg1", "/status?format=json": `"node": "n1"`, "/-/healthy": "healthy", "/-/ready": "ready",
	} {
		if code, body := p.get(path); code != http.StatusOK || !strings.Contains(body, text) {
			t.Errorf("%s: %d %s", path, code, body)
		}
	}
	snap, err := snapshot.Fetch(context.Background(), filepath.Join(dir, "state", snapshot.SocketName))
	if err != nil || snap.Node != "n1" {
		t.Errorf("snapshot: %v, %v", snap.Node, err)
	}
	openMetrics(t, p)
	if code := p.end(syscall.SIGTERM); code != daemon.ExitOK {
		t.Errorf("exit %d after SIGTERM\n%s", code, p.said())
	}
	if _, err := os.Stat(filepath.Join(dir, "state", "exporter", "exporter.json")); err != nil {
		t.Error(err)
	}
}

func openMetrics(t *testing.T, p *process) {
	t.Helper()
	req, err := http.NewRequestWithContext(context.Background(), http.MethodGet, p.url+"/metrics", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", "application/openmetrics-text; version=1.0.0")
	if _, body := p.do(req); !strings.HasSuffix(body, "# EOF\n") {
		t.Error("no OpenMetrics")
	}
}

// hung replaces clmgr by one that hangs, once the exporter knows the cluster.
func hung(t *testing.T) *process {
	t.Helper()
	dir := folder(t)
	p := begin(t, dir, "")
	p.eventually("it is up", p.has(fmt.Sprintf(up, "cluster", 1)))
	tool(t, dir, "clmgr", "exec sleep 5")
	p.eventually("cluster fails", p.has(fmt.Sprintf(up, "cluster", 0)))
	return p
}

// A tool that hangs fails its own collectors; the others succeed on, scrapes stay quick, and it comes back by itself.
func TestHungTool(t *testing.T) {
	p := hung(t)
	const scrapes = 100
	took := make([]time.Duration, scrapes)
	for i := range took {
		start := time.Now()
		_, body := p.get("/metrics")
		took[i] = time.Since(start)
		if !strings.Contains(body, fmt.Sprintf(up, "cluster", 0)) {
			t.Fatalf("scrape %d: the cluster collector succeeds with a clmgr that hangs:\n%s", i, body)
		}
	}
	slices.Sort(took)
	t.Logf("a scrape takes %v at the median, %v at most", took[scrapes/2], took[scrapes-1])
	if median := took[scrapes/2]; median > 100*time.Millisecond { // clmgr is given up after 1 s
		t.Errorf("a scrape takes %v at the median", median)
	}
	// Those that clmgr does not serve go on being refreshed.
	for _, c := range []string{"migration", "freeze", "resource_group", "peer"} {
		before := p.value(c)
		p.eventually(c+" is refreshed while clmgr hangs", func() bool { return p.value(c) > before })
		p.eventually(c+" succeeds while clmgr hangs", p.has(fmt.Sprintf(up, c, 1)))
	}
	tools(t, p.dir)
	p.eventually("it comes back", p.has(fmt.Sprintf(up, "cluster", 1)))
}

// One that hangs from the start fails its own collectors alone, too, although the cluster's name is not known yet.
func TestHungAtStart(t *testing.T) {
	dir := folder(t)
	tool(t, dir, "clmgr", "exec sleep 5")
	p := begin(t, dir, "")
	for _, c := range []string{"migration", "freeze", "resource_group", "peer"} {
		p.eventually(c+" succeeds", p.has(fmt.Sprintf(`powerha_exporter_collector_success{cluster="",collector=%q,node=""} 1`, c)))
	}
	tools(t, dir)
	p.eventually("it comes up", p.has(fmt.Sprintf(up, "cluster", 1)))
}

// value is when a collector last succeeded.
func (p *process) value(collector string) (v float64) {
	p.t.Helper()
	_, body := p.get("/metrics")
	series := fmt.Sprintf(`powerha_exporter_collector_last_success_timestamp_seconds{cluster="c1",collector=%q,node="n1"} `, collector)
	for line := range strings.SplitSeq(body, "\n") {
		if text, ok := strings.CutPrefix(line, series); ok {
			if _, err := fmt.Sscan(text, &v); err != nil {
				p.t.Fatalf("%s: %v", line, err)
			}
			return v
		}
	}
	p.t.Fatalf("no %s in\n%s", series, body)
	return 0
}

// While a tool hangs no more of it are started, however often somebody scrapes.
func TestHungToolAndScrapes(t *testing.T) {
	p := hung(t)
	clmgr := func() int {
		b, err := os.ReadFile(filepath.Join(p.dir, "ran"))
		if err != nil {
			t.Fatal(err)
		}
		return bytes.Count(b, []byte("clmgr\n"))
	}
	// Each source is given up after 1 s and read again 200 ms later at the soonest: no scrape makes it more.
	const span = 3 * time.Second
	before, start, scrapes := clmgr(), time.Now(), 0
	for time.Since(start) < span {
		p.get("/metrics")
		scrapes++
	}
	took := time.Since(start)
	most := sources * (1 + int(took/time.Second))
	n := clmgr() - before
	t.Logf("%d scrapes and %d runs of clmgr in %v", scrapes, n, took)
	if n > most || scrapes <= most {
		t.Errorf("%d scrapes, %d runs of clmgr in %v, want at most %d", scrapes, n, took, most)
	}
}

// sources is how many sources of facts clmgr serves.
const sources = 3

func TestScrapesRunNothing(t *testing.T) {
	dir := folder(t)
	p := begin(t, dir, "")
	p.eventually("it is up", p.has(fmt.Sprintf(up, "cluster", 1)))
	p.configure("")
	conf, err := os.ReadFile(p.conf)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p.conf, bytes.Replace(conf, []byte("200ms"), []byte("1h"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	p.eventually("reloaded", func() bool { return strings.Contains(p.said(), "configuration loaded") })
	ran := func() int {
		b, err := os.ReadFile(filepath.Join(dir, "ran"))
		if err != nil {
			t.Fatal(err)
		}
		return bytes.Count(b, []byte("\n"))
	}
	last := -1
	p.eventually("what was under way is over", func() bool {
		n := ran()
		calm := n == last
		last = n
		time.Sleep(time.Second) // the commands of a reload begin one after another
		return calm
	})
	for range 100 {
		p.get("/metrics")
	}
	if n := ran(); n != last {
		t.Errorf("100 scrapes ran %d commands", n-last)
	}
}

func TestReload(t *testing.T) {
	dir := folder(t)
	p := begin(t, dir, "", "--web.enable-lifecycle")
	p.eventually("it is up", p.has(fmt.Sprintf(up, "cluster", 1)))
	post := func() (int, string) {
		req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, p.url+"/-/reload", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		return p.do(req)
	}
	const ok = `powerha_exporter_config_last_reload_successful{cluster="c1",node="n1"} %d`
	p.configure("nonsense: 1")
	if code, body := post(); code != http.StatusInternalServerError || !strings.Contains(body, "nonsense") {
		t.Errorf("bad file: %d %s", code, body)
	}
	p.eventually("says that it failed", p.has(fmt.Sprintf(ok, 0)))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	p.configure(fmt.Sprintf("probes:\n  - {application: db, resource_group: rg1, name: sql, type: tcp, target: %q, interval: 200ms, timeout: 100ms}", l.Addr()))
	if code, body := post(); code != http.StatusOK {
		t.Errorf("good file: %d %s", code, body)
	}
	p.eventually("says that it succeeded", p.has(fmt.Sprintf(ok, 1)))
	p.eventually("runs the new probe", p.has(`powerha_application_probe_success{application="db",cluster="c1",node="n1",probe="sql",target_node="n1",vantage="local"} 1`))
}

// Usage errors end with 2, others with 1, each with one line that says what to do; nothing is left running.
func TestRefusals(t *testing.T) {
	dir := t.TempDir()
	bad := filepath.Join(dir, "bad.yml")
	if err := os.WriteFile(bad, []byte("cluster:\n  intervall: 15s\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	empty := filepath.Join(dir, "empty.yml")
	if err := os.WriteFile(empty, []byte("state_dir: "+dir+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		args []string
		code int
		text string
	}{
		"unknown flag":   {[]string{"--nonsense"}, daemon.ExitUsage, "nonsense"},
		"bad number":     {[]string{"--web.max-requests=x"}, daemon.ExitUsage, "web.max-requests"},
		"path taken":     {[]string{"--web.telemetry-path=/status"}, daemon.ExitUsage, "choose another"},
		"named file":     {[]string{"--config.file=" + filepath.Join(dir, "none.yml")}, daemon.ExitError, "none.yml"},
		"unknown key":    {[]string{"--config.file=" + bad}, daemon.ExitError, "bad.yml:2"},
		"port in use":    {[]string{"--allow-root", "--config.file=" + empty, "--web.listen-address=" + l.Addr().String()}, daemon.ExitError, "--web.listen-address"},
		"web config":     {[]string{"--allow-root", "--config.file=" + empty, "--web.config.file=" + filepath.Join(dir, "no.yml")}, daemon.ExitError, "--web.config.file"},
		"log level":      {[]string{"--log.level=loud"}, daemon.ExitUsage, "log.level"},
		"help":           {[]string{"--help"}, daemon.ExitOK, ""},
		"version":        {[]string{"--version"}, daemon.ExitOK, ""},
		"extra argument": {[]string{"now"}, daemon.ExitUsage, "now"},
	} {
		var out, errs bytes.Buffer
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		code := run(ctx, tt.args, &out, &errs)
		cancel()
		if code != tt.code || !strings.Contains(errs.String(), tt.text) {
			t.Errorf("%s: exit %d, said %q; want %d and %q", name, code, errs.String(), tt.code, tt.text)
		}
		if n := strings.Count(errs.String(), "\n"); code != daemon.ExitOK && n != 1 {
			t.Errorf("%s: %d lines: %s", name, n, errs.String())
		}
	}
}

func TestNeverAsRoot(t *testing.T) {
	var out, errs bytes.Buffer
	f := newFlags(&out, &errs)
	if _, err := f.parse(nil); err != nil {
		t.Fatal(err)
	}
	if err := f.mayRun(0); err == nil || !strings.Contains(err.Error(), "runs as root") {
		t.Errorf("as root: %v", err)
	}
	if err := f.mayRun(1000); err != nil {
		t.Errorf("as a user: %v", err)
	}
	if _, err := f.parse([]string{"--allow-root"}); err != nil {
		t.Fatal(err)
	}
	if err := f.mayRun(0); err != nil {
		t.Errorf("as root, allowed: %v", err)
	}
}

func TestCollectorFlags(t *testing.T) {
	enabled := func(args ...string) map[string]bool {
		f := newFlags(io.Discard, io.Discard)
		if _, err := f.parse(args); err != nil {
			t.Fatal(err)
		}
		return f.enabled()
	}
	if e := enabled(); !e["cluster"] || !e["peer"] {
		t.Errorf("by default: %v", e)
	}
	if e := enabled("--no-collector.peer"); !e["cluster"] || e["peer"] {
		t.Errorf("one off: %v", e)
	}
	if e := enabled("--collector.disable-defaults", "--collector.peer"); e["cluster"] || !e["peer"] {
		t.Errorf("one on: %v", e)
	}
	t.Setenv("POWERHA_LPM_EXPORTER_COLLECTOR_CLUSTER", "true")
	if e := enabled("--collector.disable-defaults"); !e["cluster"] || e["peer"] {
		t.Errorf("by the environment: %v", e)
	}
}

// BenchmarkResident reports the memory of the running program after 1000 scrapes.
func BenchmarkResident(b *testing.B) {
	dir := folder(b)
	program := filepath.Join(dir, "exporter")
	build := exec.Command("go", "build", "-trimpath", "-o", program, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, out)
	}
	p := beginProgram(b, program, dir, "")
	p.eventually("it is up", p.has(fmt.Sprintf(up, "cluster", 1)))
	for b.Loop() {
		for range 1000 {
			p.get("/metrics")
		}
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		b.Skip("no /proc: ", err)
	}
	for line := range strings.SplitSeq(string(status), "\n") {
		var kb float64
		if _, err := fmt.Sscanf(line, "VmRSS: %f kB", &kb); err == nil {
			b.ReportMetric(kb*1024, "resident-B")
		}
	}
}
