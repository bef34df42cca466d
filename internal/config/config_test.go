package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestParseAccepts(t *testing.T) {
	c, err := Parse("f.yml", []byte(`
cluster:
  name: prod
  commands:
    clmgr: /usr/es/sbin/cluster/utilities/clmgr
    clRGinfo: [/usr/bin/sudo, -n, /usr/es/sbin/cluster/utilities/clRGinfo]
  interval: 1h30m
  timeout:
peers:
  targets: {node2: "node2-boot:10983"}
probes:
  - {application: db, name: sql, type: tcp, target: "127.0.0.1:1521", interval: 5s, timeout: 2s}
migration: {mode: gated}
confirmation: {prometheus_urls: ["http://prom:9090"], headers: {Authorization: "@/etc/token"}}
notify: {syslog: false, command: /bin/page}
`))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := c.Cluster.Commands["clRGinfo"], (Argv{"/usr/bin/sudo", "-n", "/usr/es/sbin/cluster/utilities/clRGinfo"}); !reflect.DeepEqual(got, want) {
		t.Errorf("clRGinfo = %q, want %q", got, want)
	}
	if got, want := c.Cluster.Commands["clmgr"], (Argv{"/usr/es/sbin/cluster/utilities/clmgr"}); !reflect.DeepEqual(got, want) {
		t.Errorf("clmgr = %q, want %q", got, want)
	}
	if got := c.Cluster.Interval.D(); got != 90*time.Minute {
		t.Errorf("interval = %s, want 1h30m", got)
	}
	if got := c.Cluster.Timeout; got != Default().Cluster.Timeout {
		t.Errorf("an empty key changed the default timeout to %s", got)
	}
	if c.Notify.Syslog || !c.Notify.Errlog {
		t.Errorf("notify = %+v, want syslog off and errlog on", c.Notify)
	}
	if c.Path != "f.yml" || len(c.Hash) != 64 {
		t.Errorf("path %q, hash %q", c.Path, c.Hash)
	}
}

func TestEmptyFileIsDefault(t *testing.T) {
	for _, text := range []string{"", "# only a comment\n", "---\n", "migration:\n"} {
		c, err := Parse("f.yml", []byte(text))
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		want := Default()
		want.Path, want.Hash = c.Path, c.Hash
		if !reflect.DeepEqual(c, want) {
			t.Errorf("%q: got %+v, want the defaults", text, c)
		}
		if c.Migration.Mode != "observe" {
			t.Errorf("%q: mode %s: an empty file must never act", text, c.Migration.Mode)
		}
	}
}

func TestTemplateHoldsTheDefaults(t *testing.T) {
	c, err := Parse("template.yml", []byte(Template))
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Path, want.Hash = c.Path, c.Hash
	// Written out as empty, they differ from absent ones only in form.
	c.Confirmation.PrometheusURLs, c.Confirmation.Headers = nil, nil
	c.Failover.ProofOfDeath.Command, c.Notify.Command, c.Cluster.Sudo = nil, nil, nil
	c.HMC.Systems = nil
	if !reflect.DeepEqual(c, want) {
		t.Errorf("template:\n got %+v\nwant %+v", c, want)
	}
}

func TestParseRefuses(t *testing.T) {
	const gated = "migration: {mode: gated}\nprobes: [{application: a, name: n, type: tcp, target: \"h:1\"}]\nconfirmation: {prometheus_urls: [\"http://p\"]}\n"
	for name, tc := range map[string]struct{ text, want string }{
		"unknown key":          {"cluster:\n  nam: x\n", "f.yml:2: cluster.nam: unknown key; did you mean name?"},
		"unknown section":      {"\n\nzzzzzzzz: 1\n", "f.yml:3: zzzzzzzz: unknown key; known here: cluster, state_dir"},
		"unknown in list":      {"probes:\n  - name: a\n    tpye: tcp\n", "f.yml:3: probes[0].tpye: unknown key; did you mean type?"},
		"twice":                {"state_dir: /a\nstate_dir: /b\n", "f.yml:2: state_dir: stands twice (first in line 1)"},
		"duration":             {"cluster:\n  interval: 5 minutes\n", `f.yml:2: cluster.interval: "5 minutes" is no duration`},
		"duration unit":        {"cluster:\n  interval: 5\n", `f.yml:2: cluster.interval: "5" is no duration`},
		"bool":                 {"notify:\n  syslog: maybe\n", `f.yml:2: notify.syslog: "maybe" is not true or false`},
		"scalar for block":     {"cluster: x\n", "f.yml:1: cluster: \"x\" stands where `key: value` lines are expected"},
		"list for word":        {"state_dir: [a]\n", "f.yml:1: state_dir: a list stands where one word is expected"},
		"word for list":        {"probes: a\n", `f.yml:1: probes: "a" is no list`},
		"alias":                {"cluster: &a {name: x}\npeers: *a\n", "f.yml:2: peers: YAML aliases are not supported"},
		"not yaml":             {"a: [\n", "f.yml:"},
		"tab":                  {"cluster:\n\tname: x\n", "f.yml:2: not YAML"},
		"two documents":        {"state_dir: /a\n---\nstate_dir: /b\n", "more than one YAML document"},
		"relative command":     {"cluster:\n  commands:\n    clmgr: clmgr\n", `f.yml:3: cluster.commands.clmgr: "clmgr" is no absolute path`},
		"relative log":         {"cluster:\n  logs:\n    cluster_log: cluster.log\n", `f.yml:3: cluster.logs.cluster_log: "cluster.log" is no absolute path`},
		"empty command":        {"cluster:\n  commands:\n    clmgr: []\n", "f.yml:3: cluster.commands.clmgr: is empty"},
		"relative state":       {"state_dir: var\n", `f.yml:1: state_dir: "var" is no absolute path`},
		"mode":                 {"migration:\n  mode: gate\n", `f.yml:2: migration.mode: "gate" is not one of: observe, native, gated`},
		"gated without prom":   {"migration: {mode: gated}\nprobes: [{application: a, name: n, type: tcp, target: \"h:1\"}]\n", "f.yml:1: migration.mode: gated needs confirmation.prometheus_urls"},
		"gated without probe":  {"migration: {mode: gated}\nconfirmation: {prometheus_urls: [\"http://p\"]}\n", "f.yml:1: migration.mode: gated needs a local probe"},
		"gated and too slow":   {"migration: {mode: gated}\nprobes: [{application: a, name: n, type: tcp, target: \"h:1\", interval: 45s}]\nconfirmation: {prometheus_urls: [\"http://p\"]}\n", "f.yml:2: probes[0].interval: 45s is not below confirmation.maximum_sample_age (45s)"},
		"gated with manage":    {gated + "variables:\n  lpm_policy: manage\n", "f.yml:5: variables.lpm_policy: manage contradicts"},
		"window cap":           {"migration:\n  slo_window_cap: 25h\n", "f.yml:2: migration.slo_window_cap: 1d1h is outside 0s to 24h"},
		"deadline":             {"migration:\n  suspension_deadline: 1m\n", "f.yml:2: migration.suspension_deadline: 1m is shorter than migration.prepare_timeout (5m)"},
		"prepare":              {"migration: {prepare_timeout: 4s}\n", "f.yml:1: migration.prepare_timeout: 4s leaves no time"},
		"heartbeat low":        {"variables:\n  heartbeat_frequency_during_lpm: 9s\n", "f.yml:2: variables.heartbeat_frequency_during_lpm: 9s is outside 10s to 600s"},
		"heartbeat high":       {"variables:\n  heartbeat_frequency_during_lpm: 601s\n", "is outside 10s to 600s"},
		"automatic":            {"failover:\n  mode: automatic\n", "f.yml:2: failover.mode: automatic is not available yet"},
		"hmc relative":         {"hmc:\n  partition: a\n  commands:\n    h1: ssh\n", `f.yml:4: hmc.commands.h1: "ssh" is no absolute path`},
		"hmc empty command":    {"hmc:\n  partition: a\n  commands: {h1: []}\n", "f.yml:3: hmc.commands.h1: is empty; write what goes before"},
		"hmc no partition":     {"hmc:\n  commands: {h1: /usr/bin/ssh}\n", "f.yml:1: hmc.partition: is missing"},
		"hmc no command":       {"hmc: {partition: a}\n", "f.yml:1: hmc: names a partition or managed systems, but no HMC to ask"},
		"hmc partition":        {"hmc: {partition: \"a b\", commands: {h1: /usr/bin/ssh}}\n", `f.yml:1: hmc.partition: "a b" cannot stand unquoted`},
		"hmc system":           {"hmc:\n  partition: a\n  commands: {h1: /usr/bin/ssh}\n  systems: [s1, \"s2;reboot\"]\n", `f.yml:4: hmc.systems[1]: "s2;reboot" cannot stand unquoted`},
		"hmc interval":         {"hmc: {interval: 0}\n", "f.yml:1: hmc.interval: must be longer than 0"},
		"probe type":           {"probes:\n  - {application: a, name: n, type: udp}\n", `probes[0].type: "udp" is not one of`},
		"probe monitor":        {"probes:\n  - {application: a, name: n, type: powerha_monitor}\n", "probes[0].monitor: is missing; name the application monitor"},
		"monitor peer":         {"probes:\n  - {application: a, name: n, type: powerha_monitor, monitor: m, vantage: peer}\n", "a peer cannot see a powerha_monitor"},
		"monitor mode":         {"probes:\n  - {application: a, name: n, type: powerha_monitor, monitor: m, mode: long}\n", `probes[0].mode: "long" is not one of: startup, longrunning, both`},
		"monitor wrapper":      {"probes:\n  - {application: a, name: n, type: powerha_monitor, monitor: m, wrapper: [sudo, -n]}\n", `probes[0].wrapper: "sudo" is no absolute path`},
		"monitor target":       {"probes:\n  - {application: a, name: n, type: powerha_monitor, monitor: m, target: x}\n", "probes[0].target: means nothing for type powerha_monitor"},
		"monitor twice":        {"probes:\n  - {application: a, name: n, type: powerha_monitor, monitor: m}\n  - {application: b, name: n, type: powerha_monitor, monitor: m}\n", `f.yml:3: probes[1].monitor: "m" stands twice`},
		"monitor of another":   {"probes:\n  - {application: a, name: n, type: exec, command: /x, while_managed: true}\n", "probes[0].while_managed: means nothing for type exec"},
		"probe owner":          {"probes:\n  - {name: n, type: tcp, target: \"h:1\"}\n", "f.yml:2: probes[0]: names neither an application nor a resource_group"},
		"probe twice":          {"probes:\n  - {application: a, name: n, type: tcp, target: \"h:1\"}\n  - {application: a, name: n, type: tcp, target: \"h:2\"}\n", "f.yml:3: probes[1].name: \"n\" stands twice"},
		"probe timeout":        {"probes:\n  - {application: a, name: n, type: tcp, target: \"h:1\", interval: 5s, timeout: 6s}\n", "is longer than the interval"},
		"peer process":         {"probes:\n  - {application: a, name: n, type: process, target: x, vantage: peer}\n", "a peer cannot see a process"},
		"http target":          {"probes:\n  - {application: a, name: n, type: http, target: x}\n", "is no http:// or https:// address"},
		"plain secret":         {"confirmation:\n  headers:\n    Authorization: Bearer abc\n", "f.yml:3: confirmation.headers.Authorization: holds a secret in plain"},
		"password in url":      {"confirmation:\n  prometheus_urls: [\"http://u:p@prom\"]\n", "secrets come from files"},
		"prom url":             {"confirmation:\n  prometheus_urls: [prom]\n", "f.yml:2: confirmation.prometheus_urls[0]"},
		"peer address":         {"peers:\n  targets: {n2: n2}\n", `f.yml:2: peers.targets.n2: "n2" is not host:port`},
		"actors without tls":   {"actors:\n  targets: {n2: \"n2:1\"}\n", "actors.tls: needs cert_file"},
		"self as peer":         {"cluster: {node: n1}\npeers:\n  targets: {n1: \"n1:1\"}\n", "f.yml:3: peers.targets.n1: is this node itself"},
		"name with space":      {"cluster: {node: \"a b\"}\n", "holds a space"},
		"nested alias in list": {"probes: &p\n  - *p\n", "f.yml"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse("f.yml", []byte(tc.text))
			if err == nil {
				t.Fatal("accepted")
			}
			if !strings.Contains(err.Error(), tc.want) {
				t.Errorf("\n got %s\nwant %s", err, tc.want)
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("more than one line: %q", err)
			}
			var ps Problems
			if !errors.As(err, &ps) || len(ps) == 0 {
				t.Errorf("%T is no Problems", err)
			}
		})
	}
}

func TestSeveralProblemsAreAllKept(t *testing.T) {
	_, err := Parse("f.yml", []byte("a: 1\nb: 2\nc: 3\n"))
	var ps Problems
	if !errors.As(err, &ps) || len(ps) != 3 {
		t.Fatalf("got %v, want three problems", err)
	}
	if !strings.Contains(err.Error(), "and 2 more; `lpmctl config check` lists all") {
		t.Errorf("got %q", err)
	}
}

func TestLoadAbsent(t *testing.T) {
	path := filepath.Join(t.TempDir(), "none.yml")
	c, err := Load(path, false)
	if err != nil || c.Path != "" || c.Migration.Mode != "observe" {
		t.Errorf("absent default file: %+v, %v; want defaults", c, err)
	}
	if _, err := Load(path, true); !errors.Is(err, fs.ErrNotExist) || !strings.Contains(err.Error(), "config init") {
		t.Errorf("absent named file: %v; want fs.ErrNotExist and the remedy", err)
	}
}

func TestTrusted(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c.yml")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	owner := os.Geteuid()
	for _, tc := range []struct {
		mode fs.FileMode
		euid int
		want string
	}{
		{0o644, 0, ""},
		{0o664, 0, "chmod go-w"},
		{0o646, 0, "chmod go-w"},
		{0o666, 1000, ""},
	} {
		if owner != 0 && tc.euid == 0 && tc.want == "" {
			tc.want = "chown root"
		}
		if err := os.Chmod(path, tc.mode); err != nil {
			t.Fatal(err)
		}
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		err = trusted(f, tc.euid)
		_ = f.Close()
		if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
			t.Errorf("mode %o as uid %d: %v, want %q", tc.mode, tc.euid, err, tc.want)
		}
	}
}

func TestLoadLenientKeepsWhatIsRight(t *testing.T) {
	path := filepath.Join(t.TempDir(), "c.yml")
	text := "state_dir: /somewhere\ncluster: {node: n1, tpyo: 1}\nmigration: {mode: gated, on_unfinished_prepare: continue}\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := LoadLenient(path, true)
	if err == nil {
		t.Error("no complaint")
	}
	if c.StateDir != "/somewhere" {
		t.Errorf("state_dir = %q: it was right in the file", c.StateDir)
	}
	if c.Cluster.Node != "" {
		t.Errorf("cluster.node = %q: the section is wrong and must have its defaults", c.Cluster.Node)
	}
	if c.Migration.Mode != "observe" {
		t.Errorf("mode = %q: a contradiction must not act", c.Migration.Mode)
	}
	if ps := c.Validate(); len(ps) > 0 {
		t.Errorf("still wrong: %v", ps)
	}
	if c, err := LoadLenient(path+".none", true); err == nil || !reflect.DeepEqual(c, Default()) {
		t.Errorf("absent: %+v, %v; want defaults and a complaint", c, err)
	}
}

func TestDurationText(t *testing.T) {
	var d Duration
	if err := d.UnmarshalText([]byte("1h30m")); err != nil || d.String() != "1h30m" {
		t.Errorf("got %s, %v", d, err)
	}
	if err := d.UnmarshalText([]byte("soon")); err == nil {
		t.Error("accepted")
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(Template))
	f.Add([]byte("migration: {mode: gated}\n"))
	f.Add([]byte("cluster: {commands: {a: [/b, c]}}\nprobes: [{name: x}]\n"))
	f.Add([]byte("a: &a [*a]\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := Parse("f.yml", b)
		if err != nil {
			var ps Problems
			if !errors.As(err, &ps) {
				t.Fatalf("%T is no Problems: %v", err, err)
			}
			if strings.Contains(err.Error(), "\n") {
				t.Fatalf("more than one line: %q", err)
			}
			return
		}
		if ps := c.Validate(); len(ps) > 0 {
			t.Fatalf("accepted, but: %v", ps)
		}
		if c.Migration.Mode != "observe" && c.Migration.Mode != "native" && c.Migration.Mode != "gated" {
			t.Fatalf("mode %q", c.Migration.Mode)
		}
	})
}

// The commented monitor of the template is one that is taken.
func TestTemplateMonitorIsTaken(t *testing.T) {
	_, text, ok := strings.Cut(Template, "# probes:\n")
	if !ok {
		t.Fatal("no probes in the template")
	}
	text, _, _ = strings.Cut(text, "\n\n")
	lines := []string{"probes:"}
	for line := range strings.Lines(text) {
		lines = append(lines, strings.TrimPrefix(strings.TrimRight(line, "\n"), "# "))
	}
	c, err := Parse("template.yml", []byte(strings.Join(lines, "\n")+"\n"))
	if err != nil {
		t.Fatal(err)
	}
	if p := c.Probes[len(c.Probes)-1]; p.Type != "powerha_monitor" || p.Monitor != "db_mon" || len(p.Wrapper) != 2 || p.WhileManaged {
		t.Errorf("got %+v", p)
	}
}
