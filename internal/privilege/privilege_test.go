package privilege

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/command"
	"powerha_lpm_exporter/internal/config"
	"powerha_lpm_exporter/internal/model"
)

func parse(t *testing.T, text string) *config.Config {
	t.Helper()
	c, err := config.Parse("c.yml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestArgvs(t *testing.T) {
	c := parse(t, "cluster:\n  sudo: [/usr/bin/sudo, -n]\n  commands: {clmgr: /x/clmgr, lssrc: [/wrap, /usr/bin/lssrc]}\n")
	got := Argvs(c, false)
	for tool, want := range map[string]string{
		"clmgr": "/usr/bin/sudo -n /x/clmgr", "lssrc": "/wrap /usr/bin/lssrc", "lscluster": "/usr/bin/sudo -n /usr/sbin/lscluster", "errpt": "",
	} {
		if text := strings.Join(got[tool], " "); text != want {
			t.Errorf("%s: %q, want %q", tool, text, want)
		}
	}
	if text := strings.Join(Argvs(c, true)["clmgr"], " "); text != "/x/clmgr" {
		t.Errorf("root runs %q", text)
	}
	if len(Argvs(parse(t, ""), false)) != 0 {
		t.Error("without cluster.sudo something is put before the commands")
	}
}

func TestNoRuleWithoutSudo(t *testing.T) {
	if rules := Exporter(parse(t, ""), nil); len(rules) != 0 {
		t.Errorf("rules %v", rules)
	}
}

func TestExporterReadsOnly(t *testing.T) {
	rules := Exporter(parse(t, "cluster: {sudo: [/usr/bin/sudo, -n]}\nmigration: {mode: native}\nprobes: [{application: a, name: n, type: exec, command: [/usr/bin/sudo, -n, -u, dba, /opt/check, '-q a']}]\n"), nil)
	if len(rules) < 10 {
		t.Fatalf("only %d rules", len(rules))
	}
	for _, r := range rules {
		text := strings.Join(r.Command, " ")
		for _, act := range []string{" stop ", " start ", " move ", " modify ", " sync ", "-o ", "*"} {
			if strings.Contains(text+" ", act) {
				t.Errorf("%q is no read", text)
			}
		}
		if r.Open {
			t.Errorf("%q is open", text)
		}
	}
	if last := rules[len(rules)-1]; last.As != "dba" || !slices.Equal(last.Command, []string{"/opt/check", "-q a"}) {
		t.Errorf("the probe's rule: %+v", last)
	}
}

func TestMonitorsOfProbesThatReuseThem(t *testing.T) {
	c := parse(t, "probes: [{application: db, name: own, type: powerha_monitor, monitor: db_mon, wrapper: [/usr/bin/sudo, -n]}, {application: db, name: gone, type: powerha_monitor, monitor: none, wrapper: [/usr/bin/sudo, -n]}]\n")
	rules := Exporter(c, []model.Monitor{{Name: "db_mon", Type: "custom", Method: "/ha/db_mon"}, {Name: "other", Method: "/ha/other"}})
	if len(rules) != 1 || !slices.Equal(rules[0].Command, []string{"/ha/db_mon"}) || rules[0].For != "probe own" {
		t.Errorf("rules %+v", rules)
	}
	if text := Text("ph", "exporter", rules); !strings.Contains(text, `/ha/db_mon ""`) {
		t.Errorf("arguments are open: %s", text)
	}
}

func TestActor(t *testing.T) {
	k := Cluster{Node: "n1", Groups: []string{"rg_db"}, Now: &model.Cluster{HasLPM: true, LPMPolicy: model.PolicyUnset, LPMHeartbeat: new(time.Duration(0))}}
	has := func(rules []Rule, words string) bool {
		return slices.ContainsFunc(rules, func(r Rule) bool { return strings.HasSuffix(strings.Join(r.Command, " "), words) })
	}
	const sudo = "cluster: {sudo: [/usr/bin/sudo, -n]}\n"
	native := Actor(parse(t, sudo+"migration: {mode: native}\n"), false, k)
	for _, want := range []string{
		"stop node n1 WHEN=now MANAGE=unmanage BROADCAST=false", "start node n1 WHEN=now MANAGE=auto FIX=no BROADCAST=false",
		"move resource_group rg_db NODE=n1", "modify cluster LPM_POLICY=unmanage", "modify cluster LPM_POLICY=",
		"modify cluster HEARTBEAT_FREQUENCY_DURING_LPM=120", "modify cluster HEARTBEAT_FREQUENCY_DURING_LPM=0", "sync cluster",
	} {
		if !has(native, want) {
			t.Errorf("no rule for %q", want)
		}
	}
	observe := Actor(parse(t, sudo), false, k)
	if has(observe, "sync cluster") || has(observe, "stop node n1 WHEN=now MANAGE=unmanage BROADCAST=false") {
		t.Error("acts are allowed in mode observe")
	}
	never := Actor(parse(t, sudo+"migration: {mode: native}\nvariables: {apply: never}\nfailover: {mode: \"off\"}\n"), false, k)
	if has(never, "sync cluster") || has(never, "move resource_group rg_db NODE=n1") {
		t.Error("acts are allowed that the configuration forbids")
	}
	if root := Actor(parse(t, sudo+"migration: {mode: native}\n"), true, k); len(root) != 0 {
		t.Errorf("root needs %v", root)
	}
}

func TestText(t *testing.T) {
	rules := []Rule{
		{Sudo: "/usr/bin/sudo", As: "root", Command: []string{"/u/clmgr", "-cv", "-a", "name,state", "query", "node"}},
		{Sudo: "/usr/bin/sudo", As: "root", Command: []string{"/u/clmgr", "modify", "cluster", "X=*"}},
		{Sudo: "/usr/bin/sudo", As: "root", Command: []string{"/u/cltopinfo"}},
		{Sudo: "/usr/bin/sudo", As: "dba", Command: []string{"/u/notify"}, Open: true},
	}
	const want = `Cmnd_Alias POWERHA_LPM_EXPORTER = \
    /u/clmgr -cv -a name\,state query node, \
    /u/clmgr modify cluster X\=\*, \
    /u/cltopinfo ""
Defaults!POWERHA_LPM_EXPORTER !requiretty, env_check += "LC_ALL TZ"
phalpm ALL = (root) NOPASSWD: POWERHA_LPM_EXPORTER
Cmnd_Alias POWERHA_LPM_EXPORTER_2 = \
    /u/notify *
Defaults!POWERHA_LPM_EXPORTER_2 !requiretty, env_check += "LC_ALL TZ"
phalpm ALL = (dba) NOPASSWD: POWERHA_LPM_EXPORTER_2
`
	if got := Text("phalpm", "exporter", rules); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

// visudo, where there is one, takes what is written.
func TestVisudoTakesIt(t *testing.T) {
	visudo, err := exec.LookPath("visudo")
	if err != nil {
		visudo = "/usr/sbin/visudo"
		if _, err := os.Stat(visudo); err != nil {
			t.Skip("SKIPPED: no visudo on this machine")
		}
	}
	c := parse(t, "cluster: {sudo: [/usr/bin/sudo, -n]}\nmigration: {mode: native}\n")
	rules := Actor(c, false, Cluster{Node: "n1", Groups: []string{"rg_a"}, Now: &model.Cluster{HasLPM: true}})
	file := filepath.Join(t.TempDir(), "rules")
	if err := os.WriteFile(file, []byte(Text("nobody", "actor", rules)), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(visudo, "-cf", file).CombinedOutput(); err != nil {
		t.Errorf("%v: %s", err, out)
	}
}

func TestCheckUser(t *testing.T) {
	for user, ok := range map[string]bool{"phalpm": true, "a.b-c_1": true, "": false, "%wheel": false, "ALL ALL": false, "x,y": false, "#0": false, "-n": false} {
		if err := CheckUser(user); (err == nil) != ok {
			t.Errorf("%q: %v", user, err)
		}
	}
}

type fakeSudo struct {
	command.Runner
	asked [][]string
	out   command.Output
	err   error
}

func (f *fakeSudo) Query(_ context.Context, q command.Query) (command.Output, error) {
	f.asked = append(f.asked, q.Argv)
	return f.out, f.err
}

func TestCheck(t *testing.T) {
	rules := []Rule{{Sudo: "/s/sudo", As: "dba", Command: []string{"/x", "-s"}}, {Sudo: "/s/sudo", As: "root", Command: []string{"/y"}, Open: true}}
	f := &fakeSudo{}
	got := Check(t.Context(), f, time.Second, "ph", rules)
	if len(got) != 1 || got[0].State != Allowed || !slices.Equal(f.asked[0], []string{"/s/sudo", "-n", "-l", "-U", "ph", "-u", "dba", "/x", "-s"}) {
		t.Errorf("%+v, asked %q", got, f.asked)
	}
	f.out.Exit = 1
	if got := Check(t.Context(), f, time.Second, "", rules); got[0].State != Lacking {
		t.Errorf("%+v", got)
	}
	f.err = command.ErrMissing
	if got := Check(t.Context(), f, time.Second, "", rules); got[0].State != Unknown || !strings.Contains(got[0].Text, "there is no /s/sudo") {
		t.Errorf("%+v", got)
	}
}
