package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/budget"
)

const tunablesText = `prod(11403f34).config_timeout = 240
prod(11403f34).deadman_mode = a
prod(11403f34).link_timeout = 30000
prod(11403f34).network_fdt = 20000
prod(11403f34).node_down_delay = 10000
prod(11403f34).node_timeout = 30000
prod(11403f34).pvm_wdog = %s
`

// rehearsing makes a node whose tools tell everything that a rehearsal asks for.
func rehearsing(t *testing.T, cluster, watchdog string) *node {
	t.Helper()
	n := newNode(t, "NORMAL", "")
	n.tool(t, "clmgr", fmt.Sprintf("case \"$*\" in\n*'query cluster'*) cat <<'X'\n%sX\n;;\n*'query node'*) cat <<'X'\n"+nodesText+"X\n;;\n"+
		"*application_monitor*) printf 'NAME=\"db_mon\"\\nTYPE=\"Custom\"\\nAPPLICATIONS=\"db\"\\nMODE=\"longrunning\"\\nMONITORINTERVAL=\"15\"\\nMONITOR_RETRY=\"2\"\\n' ;;\nesac", cluster, "NORMAL"))
	n.tool(t, "lssrc", "printf 'Critical clients will be terminated if unresponsive\\n\\nDead Man Switch Enabled\\n'")
	n.tool(t, "clctrl", fmt.Sprintf("case \"$*\" in\n*-a*) cat <<'X'\n"+tunablesText+"X\n;;\n*node_timeout) echo 30000 ;;\n*deadman_mode) echo a ;;\nesac", watchdog))
	b, err := os.ReadFile(n.config)
	if err != nil {
		t.Fatal(err)
	}
	n.write(t, n.config, strings.Replace(string(b), "commands: {", "commands: {clctrl: "+n.dir+"/clctrl, ", 1), 0o600)
	return n
}

// goldenText compares with testdata; GOLDEN=update writes it.
func goldenText(t *testing.T, file, got string) {
	t.Helper()
	file = filepath.Join("testdata", file)
	if os.Getenv("GOLDEN") == "update" {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v; write it with GOLDEN=update", err)
	}
	if got != string(b) {
		t.Errorf("%s differs:\n%s", file, got)
	}
}

func TestRehearse(t *testing.T) {
	linked := strings.Replace(clusterText, "STATE=", "TYPE=\"LC\"\nSTATE=", 1)
	before := strings.ReplaceAll(clusterText[:strings.Index(clusterText, "LPM_POLICY")], "7.2.7.0", "7.1.3.4")
	for _, tt := range []struct {
		name, cluster, watchdog string
		args                    []string
		breaks                  func(n *node)
	}{
		{"rehearse", clusterText, "DISABLE", nil, nil},
		{"rehearse_linked", linked, "DISABLE", []string{"--freeze=35s", "--freeze=11m"}, nil},
		{"rehearse_watchdog", clusterText, "HARD_RESET", nil, nil},
		{"rehearse_before_7.2", before, "DISABLE", nil, nil},
		{"rehearse_no_caa", clusterText, "DISABLE", []string{"--freeze=45s", "--freeze=1h"}, func(n *node) {
			n.tool(t, "clctrl", "echo 'clctrl: Cluster services are not active.' >&2; exit 1")
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			n := rehearsing(t, tt.cluster, tt.watchdog)
			if tt.breaks != nil {
				tt.breaks(n)
			}
			out, errOut, status := n.lpmctl(t, append([]string{"rehearse"}, tt.args...)...)
			if status != exitOK || errOut != "" {
				t.Errorf("status %d, %q", status, errOut)
			}
			for _, line := range strings.Split(out, "\n") {
				if len(line) > width {
					t.Errorf("%d columns: %s", len(line), line)
				}
			}
			goldenText(t, tt.name+".txt", out)
		})
	}
}

// The JSON form holds every row of every situation, though the text draws alike ones together.
func TestRehearseJSON(t *testing.T) {
	out, _, status := rehearsing(t, clusterText, "HARD_RESET").lpmctl(t, "--output=json", "rehearse")
	var r rehearsal
	if err := json.Unmarshal([]byte(out), &r); err != nil || status != exitOK {
		t.Fatal(err, status, out)
	}
	if r.Node != "n1" || r.Version != "7.2.7.0" || len(r.Situations) != 4 {
		t.Fatalf("%+v", r)
	}
	for _, x := range r.Situations {
		if len(x.Rows) != 9 || x.Rows[8].Freeze != 10*time.Minute || len(x.Terms) != len(budget.Limits())-1 {
			t.Errorf("managed %v, script %v: %d rows, %d terms", x.Managed, x.Script, len(x.Rows), len(x.Terms))
		}
		if x.Limit != budget.Unknown || x.Budget != 0 || len(x.Unknown) != 1 || x.Unknown[0].Why == "" ||
			!slices.Contains(x.Unknown[0].Reads, "clctrl -tune -a") {
			t.Errorf("managed %v, script %v: limit %s %v, unknown %+v", x.Managed, x.Script, x.Limit, x.Budget, x.Unknown)
		}
	}
	out, _, _ = rehearsing(t, clusterText, "DISABLE").lpmctl(t, "--output=json", "rehearse", "--freeze=2m", "--freeze=2m", "--freeze=1500ms")
	r = rehearsal{}
	if err := json.Unmarshal([]byte(out), &r); err != nil {
		t.Fatal(err)
	}
	if rows := r.Situations[0].Rows; len(rows) != 2 || rows[0].Freeze != 1500*time.Millisecond || rows[1].Freeze != 2*time.Minute {
		t.Errorf("%+v", rows)
	}
}

func TestRehearseStatus(t *testing.T) {
	n := rehearsing(t, clusterText, "DISABLE")
	for _, bad := range []string{"soon", "0s", "-3s", ""} {
		if _, errOut, status := n.lpmctl(t, "rehearse", "--freeze="+bad); status != exitUsage || !strings.Contains(errOut, "--freeze") {
			t.Errorf("%q: status %d, %q", bad, status, errOut)
		}
	}
	for _, tool := range []string{"clmgr", "lssrc", "clctrl"} {
		n.tool(t, tool, "exit 1")
	}
	if out, _, status := n.lpmctl(t, "rehearse"); status != exitUnreachable || !strings.Contains(out, "not all of it was read") {
		t.Errorf("nothing can be read: status %d\n%s", status, out)
	}
}

func TestLength(t *testing.T) {
	for d, want := range map[time.Duration]string{
		10 * time.Minute: "10m", time.Hour: "1h", 90 * time.Second: "1m30s", 1500 * time.Millisecond: "1.5s", 0: "0s",
		time.Hour + 5*time.Second: "1h0m5s", 20 * time.Hour: "20h", 70 * time.Minute: "1h10m",
	} {
		if got := length(d); got != want {
			t.Errorf("%v: %s", d, got)
		}
	}
}
