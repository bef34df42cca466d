package realdrmgr

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/command"
	"powerha_lpm_exporter/internal/episode"
)

// cache is where the packages are kept; without it the tests that need them are left out.
var cache = flag.String("drmgr", "", "run IBM's drmgr, and keep its packages in this folder")

// The paths of the product in the root.
const (
	bin      = "/opt/powerha_lpm/bin"
	stateDir = "/var/powerha_lpm"
)

// node is a partition: a root with the product in it.
type node struct {
	t     *testing.T
	r     *Root
	web   string
	heart [2]string // addresses of the heartbeats of the node and of its peer
	log   *bytes.Buffer
}

// newNode makes a root with the hook linked, as `lpmctl dr install` does, and starts the exporter in it.
func newNode(t *testing.T) *node {
	t.Helper()
	if *cache == "" {
		t.Skip("IBM's drmgr is run by `make check-drmgr`")
	}
	dir, err := os.MkdirTemp("", "drmgr") // short enough for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	run := command.NewRunner(clock.System(), "")
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := run.Wait(ctx); err != nil {
			t.Error(err)
		}
	})
	r, err := Setup(t.Context(), run, *cache, dir)
	if errors.Is(err, ErrUnavailable) {
		t.Skipf("SKIPPED: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	n := &node{t: t, r: r, web: freePort(t), heart: [2]string{freePort(t), freePort(t)}, log: &bytes.Buffer{}}
	for _, p := range []string{"lpmctl", "powerha_lpm_exporter"} {
		if err := r.Put(build(t, p), filepath.Join(bin, p)); err != nil {
			t.Fatal(err)
		}
	}
	n.configure("")
	if err := r.Hook("00_powerha_lpm", filepath.Join(bin, "lpmctl")); err != nil {
		t.Fatal(err)
	}
	return n
}

// configure writes the configuration of the programs in the root: a node whose cluster answers nothing, and its peer.
func (n *node) configure(extra string) {
	n.t.Helper()
	for name, text := range map[string]string{
		"peer.key":   strings.Repeat("k", 32),
		"config.yml": config("n1", stateDir, n.heart[0], "n2", n.heart[1]) + extra,
		"peer.yml":   config("n2", stateDir+".peer", n.heart[1], "n1", n.heart[0]),
	} {
		if err := os.WriteFile(n.r.path("/etc/powerha_lpm/"+name), []byte(text), 0o600); err != nil {
			n.t.Fatal(err)
		}
	}
}

func config(node, state, listen, peer, target string) string {
	return fmt.Sprintf("cluster: {name: c1, node: %s, interval: 200ms, timeout: 1s}\nstate_dir: %s\n"+
		"peers: {listen_address: %q, key_file: /etc/powerha_lpm/peer.key, targets: {%s: %q}}\n", node, state, listen, peer, target)
}

// programs are where the programs were built, once for all tests.
var programs string

func TestMain(m *testing.M) {
	flag.Parse()
	os.Exit(func() int {
		if *cache == "" {
			return m.Run()
		}
		dir, err := os.MkdirTemp("", "drmgr-programs-")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		programs = dir
		return m.Run()
	}())
}

// build builds a program as it is shipped: static, so that it runs in any root.
func build(t *testing.T, program string) string {
	t.Helper()
	out := filepath.Join(programs, program)
	if _, err := os.Stat(out); err == nil {
		return out
	}
	cmd := exec.Command("go", "build", "-trimpath", "-o", out, "powerha_lpm_exporter/cmd/"+program)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if b, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, b)
	}
	return out
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// start starts a program that ends with the test.
func (n *node) start(cmd *exec.Cmd) *os.Process {
	n.t.Helper()
	cmd.Stderr = n.log
	if err := cmd.Start(); err != nil {
		n.t.Fatal(err)
	}
	n.t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return cmd.Process
}

// exporter starts the exporter of the node, and that of its peer, which is not suspended with it. Both live in the
// root, so that their /proc is the partition's.
func (n *node) exporter() *os.Process {
	n.t.Helper()
	unmount, err := n.r.MountProc()
	if err != nil {
		n.t.Skipf("SKIPPED: %v", err)
	}
	n.t.Cleanup(func() {
		if err := unmount(); err != nil {
			n.t.Error(err)
		}
	})
	inRoot := func(args ...string) *exec.Cmd {
		return &exec.Cmd{
			Path: filepath.Join(bin, "powerha_lpm_exporter"), Args: append([]string{"powerha_lpm_exporter", "--allow-root"}, args...), Dir: "/",
			SysProcAttr: &syscall.SysProcAttr{Chroot: n.r.Dir()},
		}
	}
	n.start(inRoot("--config.file=/etc/powerha_lpm/peer.yml", "--web.listen-address="+freePort(n.t)))
	p := n.start(inRoot("--web.listen-address=" + n.web))
	n.until("the exporter answers and has its peer", func() bool {
		up, ok := n.value("powerha_peer_up", `cluster="c1",node="n1",peer="n2"`)
		return ok && up == 1 && strings.Contains(n.metrics(), `powerha_lpm_phase{cluster="c1",node="n1",phase="idle"} 1`)
	})
	return p
}

func (n *node) metrics() string {
	resp, err := http.Get("http://" + n.web + "/metrics")
	if err != nil {
		return ""
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	return string(b)
}

func (n *node) until(what string, ok func() bool) {
	n.t.Helper()
	for end := time.Now().Add(time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if ok() {
			return
		}
	}
	lpm := regexp.MustCompile(`(?m)^powerha_lpm_(phase|migrations|last|freeze_visible|server).*`)
	n.t.Fatalf("not in time: %s\n%s\n%s", what, n.log.String(), strings.Join(lpm.FindAllString(n.metrics(), -1), "\n"))
}

// value returns the value of a series whose labels are given behind cluster and node.
func (n *node) value(name, labels string) (float64, bool) {
	re := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(name+"{"+labels+"}") + ` (\S+)$`)
	m := re.FindStringSubmatch(n.metrics())
	if m == nil {
		return 0, false
	}
	v, err := strconv.ParseFloat(m[1], 64)
	return v, err == nil
}

// events lists what the hook wrote down: event, stage.
func (n *node) events() (out []string, ids map[string]bool) {
	n.t.Helper()
	b, err := os.ReadFile(n.r.path(filepath.Join(stateDir, episode.LogName)))
	if err != nil {
		n.t.Fatal(err)
	}
	events, damaged := episode.Parse(b)
	if damaged > 0 {
		n.t.Errorf("%d damaged lines in\n%s", damaged, b)
	}
	ids = map[string]bool{}
	for _, e := range events {
		if e.Source == "dr" {
			out = append(out, strings.TrimSpace(string(e.Event)+" "+e.Details[episode.DetailStage]))
			ids[e.Episode] = true
		}
	}
	return out, ids
}

// wrote asserts what the hook wrote down, all for one migration.
func (n *node) wrote(want ...string) {
	n.t.Helper()
	got, ids := n.events()
	if strings.Join(got, ",") != strings.Join(want, ",") || len(ids) != 1 {
		n.t.Errorf("the hook wrote %q for %d migrations, want %q for one", got, len(ids), want)
	}
}

// ran asserts how drmgr ended, and that it ran the hook in these phases.
func (n *node) ran(r Ran, err error, exit int, phases ...string) {
	n.t.Helper()
	if err != nil {
		n.t.Fatalf("%v\n%s", err, r.Output)
	}
	if r.Exit != exit || strings.Join(r.Phases(), ",") != strings.Join(phases, ",") {
		n.t.Errorf("drmgr ended with %d after %q, want %d after %q\n%s", r.Exit, r.Phases(), exit, phases, r.Output)
	}
	for _, h := range r.Hooks {
		if h.Exit != 0 && h.Phase != "check" {
			n.t.Errorf("hook %+v", h)
		}
	}
}

// tool stands in for the commands of a two-node cluster whose standby is in the state that lies beside it.
const tool = `#!/bin/sh
d=${0%/*}
read standby <"$d/standby"
case "${0##*/} $*" in
"clmgr query cluster") echo 'CLUSTER_NAME="c1"'; echo 'STATE="STABLE"'; echo 'VERSION="7.2.7"'; echo 'UNSYNCED_CHANGES="false"'
	echo 'LPM_POLICY="unmanage"'; echo 'HEARTBEAT_FREQUENCY_DURING_LPM="120"' ;;
"clmgr -cv -a name,state,raw_state query node") echo '# NAME:STATE:RAW_STATE'; echo 'n1:NORMAL:ST_STABLE'; echo "n2:$standby:ST_STABLE" ;;
"clRGinfo -s") echo 'rg:ONLINE:n1'; echo 'rg:OFFLINE:n2' ;;
"lssrc -ls clstrmgrES") echo 'Current state: ST_STABLE'; echo 'CLversion: 23'; echo 'local node vrmf is 7270' ;;
"lssrc -ls cthags") echo 'Dead Man Switch Enabled' ;;
"lssrc -g cluster") echo 'Subsystem Group PID Status'; echo ' clstrmgrES cluster 1 active' ;;
"clctrl -tune -x node_timeout") echo 30000 ;;
"clctrl -tune -x deadman_mode") echo a ;;
"lsitab hacmp_lpm") exit 1 ;;
"ps -e -o pid,args") echo 'PID COMMAND'; echo '1 /etc/init' ;;
esac
`

// actor starts the actor outside of the root, where there is a shell for the commands, on the state folder inside it.
func (n *node) actor(extra, state string) (standby func(state string)) {
	n.t.Helper()
	dir := n.t.TempDir()
	standby = func(state string) {
		if err := os.WriteFile(filepath.Join(dir, "standby"), []byte(state+"\n"), 0o600); err != nil {
			n.t.Fatal(err)
		}
	}
	standby(state)
	var b strings.Builder
	b.WriteString("cluster:\n  name: c1\n  node: n1\n  interval: 500ms\n  commands:\n")
	for _, c := range []string{"clmgr", "clRGinfo", "lssrc", "clctrl", "drmgr", "lsitab", "ps", "errpt", "lscluster", "lsattr"} {
		fmt.Fprintf(&b, "    %s: %s/%s\n", c, dir, c)
		if err := os.WriteFile(filepath.Join(dir, c), []byte(tool), 0o700); err != nil { //nolint:gosec // it is to be run
			n.t.Fatal(err)
		}
	}
	fmt.Fprintf(&b, "state_dir: %s\nnotify: {syslog: false, errlog: false}\n%s", n.r.path(stateDir), extra)
	conf := filepath.Join(dir, "config.yml")
	if err := os.WriteFile(conf, []byte(b.String()), 0o600); err != nil {
		n.t.Fatal(err)
	}
	web := freePort(n.t)
	n.start(exec.Command(build(n.t, "powerha_lpm_actor"), "--config.file="+conf, "--web.listen-address="+web))
	n.until("the actor is ready", func() bool {
		resp, err := http.Get("http://" + web + "/-/ready")
		if err != nil {
			return false
		}
		defer resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
	return standby
}
