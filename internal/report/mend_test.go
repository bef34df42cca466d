package report

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"powerha_lpm_exporter/collector/table"
	"powerha_lpm_exporter/internal/model"
)

// Every leftover that the metric has can be put back, by commands with an absolute path or in a shell's own words.
func TestMend(t *testing.T) {
	m, ok := table.Find("powerha_lpm_leftover")
	if !ok {
		t.Fatal("no metric")
	}
	for _, what := range m.States {
		commands := Mend(what, Before{Node: "n1", NodeTimeout: 30 * time.Second})
		if len(commands) == 0 {
			t.Errorf("%s cannot be put back", what)
		}
		for _, c := range commands {
			if !strings.HasPrefix(c, "/usr/sbin/") && what != "ifrestrict" || strings.ContainsAny(c, "\n") {
				t.Errorf("%s: %q", what, c)
			}
		}
	}
	if c := Mend("node_timeout", Before{NodeTimeout: 30 * time.Second})[0]; !strings.HasSuffix(c, "node_timeout=30000") {
		t.Error(c)
	}
	if Mend("anything", Before{}) != nil {
		t.Error("puts back what it does not know")
	}
}

func TestLeftBehindShown(t *testing.T) {
	in := good()
	in.LeftBehind = []model.Leftover{
		{What: "node_timeout", Node: "n1", Was: "30s", Is: "10m", Commands: []string{"/usr/sbin/clctrl -tune -o node_timeout=30000"}},
		{What: "dead_man_switch", Node: "n2", Was: "enabled", Is: "disabled", Commands: []string{"startdms <&>"}},
	}
	r := Judge(in)
	text := ""
	for _, row := range Rows(&r) {
		text += row.Label + " " + row.Text + "\n"
	}
	if !strings.Contains(text, "left behind: node_timeout: 10m, was 30s; dead_man_switch on n2: disabled, was enabled.") {
		t.Error(text)
	}
	var page bytes.Buffer
	if err := HTML(&page, &r); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"node_timeout=30000", "startdms &lt;&amp;&gt;", "On n2, as root"} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("no %s in the page", want)
		}
	}
}
