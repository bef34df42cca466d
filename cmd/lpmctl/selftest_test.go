package main

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"powerha_lpm_exporter/internal/redact"
	"powerha_lpm_exporter/internal/selftest"
)

// simulator builds powerha_sim once.
var simulator = sync.OnceValues(func() (string, error) {
	path := filepath.Join(filepath.Dir(program), "powerha_sim")
	out, err := exec.Command("go", "build", "-o", path, "../powerha_sim").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})

// The names of the simulated cluster: each can be searched for.
const (
	simNode, simPeer        = "frankfurt01", "zuerich02"
	simCluster, simGroup    = "kundenbank", "rg_konten"
	simSerial, simNamesOnly = "17268B0", "kundenbank|frankfurt01|zuerich02|konten"
)

// simulated starts a cluster of that version and returns the node of it on which lpmctl runs.
func simulated(t *testing.T, version string, args ...string) *node {
	t.Helper()
	sim, err := simulator()
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "s") // short, for the socket
	if err != nil {
		t.Fatal(err)
	}
	up := append([]string{
		"up", "--dir", filepath.Join(dir, "c"), "--nodes", simNode + "," + simPeer, "--cluster", simCluster, "--groups", simGroup,
		"--version", version,
	}, args...)
	for _, tool := range []string{
		"clmgr", "clRGinfo", "lssrc", "lscluster", "clctrl", "errpt", "clshowsrv", "cltopinfo", "cllsgrp", "clodmget", "lsitab", "lsattr",
		"lparstat", "listdms", "drmgr", "ps",
	} {
		up = append(up, "--delay", tool+"=1ms")
	}
	if out, err := exec.Command(sim, up...).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command(sim, "down", "--dir", filepath.Join(dir, "c")).CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
		_ = os.RemoveAll(dir)
	})
	n := &node{dir: dir, config: filepath.Join(dir, "c.yml"), state: filepath.Join(dir, "s")}
	n.configureSim(t, nil)
	return n
}

// configureSim writes a configuration with the tools of the simulated node, and others in place of some.
func (n *node) configureSim(t *testing.T, instead map[string]string) {
	t.Helper()
	root := filepath.Join(n.dir, "c", simNode)
	tools, err := os.ReadDir(filepath.Join(root, "bin"))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "state_dir: %s\npeers: {key_file: /k, targets: {%s: \"%s-boot.bank.example:10983\"}}\nconfirmation:\n  prometheus_urls: [\"http://prom.bank.example:9090\"]\n  headers: {X-Scope-OrgID: geheimtenant}\n",
		n.state, simPeer, simPeer)
	fmt.Fprintf(&b, "cluster:\n  logs: {cluster_log: %[1]s/var/hacmp/adm/cluster.log, hacmp_out: %[1]s/var/hacmp/log/hacmp.out}\n  commands:\n", root)
	for _, tool := range tools {
		path := filepath.Join(root, "bin", tool.Name())
		if other, ok := instead[tool.Name()]; ok {
			path = other
		}
		fmt.Fprintf(&b, "    %s: %s\n", tool.Name(), path)
	}
	n.write(t, n.config, b.String(), 0o600)
}

// judged runs a verb that prints a report as JSON.
func (n *node) judged(t *testing.T, args ...string) (*selftest.Report, int) {
	t.Helper()
	stdout, stderr, status := n.lpmctl(t, append([]string{"--output", "json"}, args...)...)
	var r selftest.Report
	if err := json.Unmarshal([]byte(stdout), &r); err != nil {
		t.Fatalf("%q: exit %d, %v\n%s%s", args, status, err, stdout, stderr)
	}
	return &r, status
}

func TestSelftestOfEveryVersion(t *testing.T) {
	for _, version := range []string{"7.1.3", "7.2.0", "7.2.3", "7.2.7"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			n := simulated(t, version)
			r, status := n.judged(t, "selftest")
			if status != exitOK || !r.OK || len(r.Failures) > 0 {
				t.Errorf("exit %d, failures %+v", status, r.Failures)
			}
			if r.Version != version || r.Node != simNode {
				t.Errorf("node %q, version %q", r.Node, r.Version)
			}
			witnessed := map[string]bool{}
			for _, row := range r.Rows {
				if row.Deciding && (row.Outcome != selftest.Understood || row.Understood != row.Lines || row.Concluded == "") {
					t.Errorf("%s: %+v", row.Command, row)
				}
				for _, c := range row.Witnesses {
					witnessed[c.Fact] = witnessed[c.Fact] || c.Verdict == selftest.Agree
				}
			}
			for _, fact := range []string{"resource_group", "manager", "members", "timeouts"} {
				if !witnessed[fact] {
					t.Errorf("no second witness for %s", fact)
				}
			}
			sameWhenReplayed(t, n, r)
		})
	}
}

// searched makes a bundle of the node and searches it for the cluster's names.
func searched(t *testing.T, n *node) (file, names string) {
	t.Helper()
	file, names = filepath.Join(n.dir, "bundle.tgz"), filepath.Join(n.dir, "names.json")
	_ = errors.Join(os.Remove(file), os.Remove(names)) // of the last time
	stdout, stderr, status := n.lpmctl(t, "support-bundle", "--output", file, "--map", names)
	if status != exitOK {
		t.Fatalf("exit %d: %s%s", status, stdout, stderr)
	}
	if info, err := os.Stat(names); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the names: %v, %v", info.Mode(), err)
	}
	for name, text := range unpack(t, file) {
		all := strings.ToLower(name + "\n" + text)
		for _, secret := range append(strings.Split(simNamesOnly, "|"), strings.ToLower(simSerial), "geheim", "bank.example", "172.16.") {
			if strings.Contains(all, secret) {
				t.Errorf("%q is in %s", secret, name)
			}
		}
	}
	return file, names
}

// sameWhenReplayed compares what is made of a bundle with what was made of the node.
func sameWhenReplayed(t *testing.T, n *node, live *selftest.Report) {
	t.Helper()
	file, names := searched(t, n)
	replayed, status := n.judged(t, "replay", file)
	if wantOK := map[bool]int{true: exitOK, false: exitNo}[live.OK]; status != wantOK {
		t.Errorf("replay: exit %d, %+v", status, replayed.Failures)
	}
	with := originalsOf(t, names)
	for i := range live.Rows {
		was, now := &live.Rows[i], &replayed.Rows[i]
		if got, want := now.Concluded, with(was.Concluded); got != want || now.Source != was.Source || now.Outcome != was.Outcome || now.Lines != was.Lines || now.Understood != was.Understood {
			t.Errorf("%s: replayed %s %d/%d %q, was %s %d/%d %q", was.Command, now.Outcome, now.Understood, now.Lines, got, was.Outcome, was.Understood, was.Lines, want)
		}
		if len(now.Witnesses) != len(was.Witnesses) {
			t.Errorf("%s: %d witnesses, were %d", was.Command, len(now.Witnesses), len(was.Witnesses))
		}
	}
}

// originalsOf returns a function that replaces names as a bundle did.
func originalsOf(t *testing.T, file string) func(string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var list []redact.Original
	if err := json.Unmarshal(b, &list); err != nil || len(list) < 6 {
		t.Fatalf("%d names, %v", len(list), err)
	}
	slices.SortFunc(list, func(a, b redact.Original) int { return len(b.Original) - len(a.Original) })
	var pairs []string
	for _, o := range list {
		pairs = append(pairs, o.Original, o.With)
	}
	return strings.NewReplacer(pairs...).Replace
}

// unpack returns every member of an archive by its name, with the bytes of the archive itself and of its headers.
func unpack(t *testing.T, file string) map[string]string {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	z, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	whole, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{"(the archive)": string(raw), "(unpacked)": string(whole), "(header)": z.Name + z.Comment}
	for r := tar.NewReader(bytes.NewReader(whole)); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		p, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if h.Uname+h.Gname != "" || h.Uid != 0 {
			t.Errorf("%s tells of its owner", h.Name)
		}
		out[h.Name] = string(p)
	}
}

// Formats of other products. Each is refused, with the command and the line named.
func TestSelftestNamesWhatIsForeign(t *testing.T) {
	n := simulated(t, "7.2.7")
	for tool, text := range map[string]string{
		"clRGinfo":  "Cluster Summary:\n  * Stack: corosync\n  * Current DC: frankfurt01 (version 2.1.5) - partition with quorum\nNode List:\n  * Online: [ frankfurt01 zuerich02 ]\n",
		"lscluster": "-- SYSTEM STATE\n-- System               State                Frozen\nA  frankfurt01           RUNNING              0\n",
		"clctrl":    "net.core.somaxconn = 4096\nvm.swappiness = 60\n",
	} {
		t.Run(tool, func(t *testing.T) {
			fake := filepath.Join(n.dir, "foreign-"+tool)
			n.write(t, fake, "#!/bin/sh\ncat <<'X'\n"+text+"X\n", 0o755)
			n.configureSim(t, map[string]string{tool: fake})
			r, status := n.judged(t, "selftest")
			if status != exitNo || r.OK {
				t.Fatalf("exit %d, ok %v", status, r.OK)
			}
			named := slices.ContainsFunc(r.Failures, func(f selftest.Finding) bool {
				return strings.HasPrefix(f.Command, tool) && f.Line > 0 && f.Text != "" && strings.Contains(f.Remedy, "support-bundle")
			})
			if !named {
				t.Errorf("no line of %s is named: %+v", tool, r.Failures)
			}
			_, stderr, _ := n.lpmctl(t, "selftest")
			if !strings.Contains(stderr, "lpmctl: "+tool) || !strings.Contains(stderr, ": line ") {
				t.Errorf("said %s", stderr)
			}
			if tool == "clRGinfo" {
				sameWhenReplayed(t, n, r)
			}
		})
	}
}

// knob changes the simulated cluster.
func (n *node) knob(t *testing.T, setting string) {
	t.Helper()
	sim, err := simulator()
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(sim, "knob", "--dir", filepath.Join(n.dir, "c"), setting).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// The simulator's own idea of a foreign format, a usage text and a mere complaint, for every tool that decisions hang on.
func TestSelftestOfSpoiltOutputs(t *testing.T) {
	n := simulated(t, "7.2.3")
	for fault, tools := range map[string][]string{
		"foreign": {"clmgr", "clRGinfo", "lssrc", "lscluster", "clctrl", "errpt", "lsattr", "ps", "drmgr"},
		"usage":   {"clmgr", "clctrl"}, "stderr_exit0": {"clRGinfo", "errpt"},
	} {
		for _, tool := range tools {
			t.Run(fault+"/"+tool, func(t *testing.T) {
				n.knob(t, "output."+tool+"="+fault)
				defer n.knob(t, "output."+tool+"=normal")
				r, status := n.judged(t, "selftest")
				if status != exitNo || r.OK {
					t.Fatalf("exit %d, ok %v", status, r.OK)
				}
				for _, f := range r.Failures {
					if !strings.HasPrefix(f.Command, tool+" ") && !strings.Contains(f.Text, "contradicts it") {
						t.Errorf("another command is blamed: %+v", f)
					}
					if f.Remedy == "" {
						t.Errorf("no remedy: %+v", f)
					}
				}
				named := slices.ContainsFunc(r.Failures, func(f selftest.Finding) bool { return f.Line > 0 })
				if !named && fault == "foreign" {
					t.Errorf("no line is named: %+v", r.Failures)
				}
			})
		}
	}
}

// What no parser understands gives no name away either.
func TestBundleOfSpoiltOutputsHasNoNames(t *testing.T) {
	n := simulated(t, "7.2.7")
	for _, fault := range []string{"nul", "columns", "foreign", "huge", "cut:700"} {
		t.Run(fault, func(t *testing.T) {
			for _, tool := range []string{"clmgr", "clRGinfo", "lscluster"} {
				n.knob(t, "output."+tool+"="+fault)
			}
			searched(t, n)
		})
	}
}

func TestSelftestSaysWhatIsMissing(t *testing.T) {
	n := simulated(t, "7.2.7")
	n.configureSim(t, map[string]string{"errpt": filepath.Join(n.dir, "none")})
	r, status := n.judged(t, "selftest")
	if status != exitNo || len(r.Failures) != 1 || !strings.Contains(r.Failures[0].Remedy, "cluster.commands.errpt") {
		t.Errorf("exit %d, %+v", status, r.Failures)
	}
	denied := filepath.Join(n.dir, "denied")
	n.write(t, denied, "#!/bin/sh\necho 'sudo: a password is required' >&2\nexit 1\n", 0o755)
	n.configureSim(t, map[string]string{"lsattr": denied})
	r, status = n.judged(t, "selftest")
	if status != exitNo || len(r.Failures) != 1 || !strings.Contains(r.Failures[0].Remedy, "lpmctl sudoers") {
		t.Errorf("exit %d, %+v", status, r.Failures)
	}
}

func TestSelftestRefusals(t *testing.T) {
	n := newNode(t, "NORMAL", "")
	for _, c := range []struct {
		args []string
		code int
		say  string
	}{
		{[]string{"selftest", "--format", "xml"}, exitUsage, "must be one of"},
		{[]string{"selftest", "--user", "a b"}, exitUsage, "plain name"},
		{[]string{"--output", "file", "selftest"}, exitUsage, "must be one of text,json"},
		{[]string{"replay", filepath.Join(n.dir, "none")}, exitUsage, "cannot be read"},
		{[]string{"replay", n.config}, exitUsage, "is no archive"},
		{[]string{"--output", n.config, "support-bundle"}, exitNo, "is not overwritten"},
		{[]string{"sudoers", "--user", "%wheel"}, exitUsage, "plain name"},
		{[]string{"sudoers", "--component", "x"}, exitUsage, "must be one of"},
	} {
		if _, stderr, code := n.lpmctl(t, c.args...); code != c.code || !strings.Contains(stderr, c.say) {
			t.Errorf("%q: exit %d, said %q", c.args, code, stderr)
		}
	}
}

func TestSelftestOfABadConfiguration(t *testing.T) {
	n := newNode(t, "NORMAL", "")
	n.write(t, n.config, "nonsense: 1\n", 0o600)
	if _, stderr, code := n.lpmctl(t, "selftest"); code != exitUsage || !strings.Contains(stderr, "nonsense: unknown key") {
		t.Errorf("exit %d, said %q", code, stderr)
	}
}

func TestSudoers(t *testing.T) {
	n := newNode(t, "NORMAL", "  sudo: [/usr/bin/sudo, -n]\nmigration: {mode: native}\n")
	stdout, stderr, code := n.lpmctl(t, "sudoers", "--user", "phalpm")
	if code != exitOK || !strings.Contains(stdout, "phalpm ALL = (root) NOPASSWD: POWERHA_LPM_EXPORTER") || !strings.Contains(stdout, n.dir+"/clmgr query cluster") || strings.Contains(stdout, "stop node") {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
	stdout, stderr, code = n.lpmctl(t, "sudoers", "--user", "phalpm", "--component", "actor")
	if code != exitOK || !strings.Contains(stdout, `/clmgr stop node n1 WHEN\=now MANAGE\=unmanage BROADCAST\=false`) || !strings.Contains(stdout, `modify cluster LPM_POLICY\=manage`) || strings.Contains(stdout, "*") {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
	stdout, _, code = n.lpmctl(t, "sudoers", "--component", "actor")
	if code != exitOK || !strings.Contains(stdout, "runs as root") {
		t.Errorf("exit %d\n%s", code, stdout)
	}
	plain := newNode(t, "NORMAL", "")
	if stdout, _, code := plain.lpmctl(t, "sudoers"); code != exitOK || !strings.Contains(stdout, "set cluster.sudo") {
		t.Errorf("exit %d\n%s", code, stdout)
	}
}
