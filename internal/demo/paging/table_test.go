package paging

import (
	"slices"
	"strings"
	"testing"
)

func TestTheTableIsReadable(t *testing.T) {
	plays, err := Table()
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(plays, Play.Fed) || !slices.ContainsFunc(plays, func(p Play) bool { return !p.Fed() }) {
		t.Error("the table needs simulated plays and fed ones")
	}
}

func TestAWrongTableIsRefused(t *testing.T) {
	for text, want := range map[string]string{
		"- {name: a}\n- {name: a}":                           "stands twice",
		"- {name: a, page: []}":                              "page",
		"- {name: a, steps: [[n1 exporter]]}":                "what changes",
		"- {name: a, steps: [[n1 hmc down]]}":                "exporter or actor",
		"- {name: a, steps: [[n1 actor powerha_x soon]]}":    "no number",
		"- {name: a, steps: [['n1 actor powerha{x=\"1 1']]}": "n1 actor",
	} {
		if _, err := readTable([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want it to name %q", text, err, want)
		}
	}
}

func TestCompare(t *testing.T) {
	page := func(severity, name, node string) Page {
		return Page{Labels: map[string]string{"severity": severity, "alertname": name, "node": node}}
	}
	got := []Page{page("critical", "A", "n1"), page("critical", "A", "n1"), page("warning", "B", ""), page("none", "C", "n2"), page("info", "D", "n2")}
	d := Compare(got, []string{"critical A n1", "critical A n2"}, []string{"info D n2"})
	if !slices.Equal(d.Missing, []string{"critical A n2"}) || len(d.Extra) != 1 || !strings.HasPrefix(d.Extra[0], "warning B ") {
		t.Errorf("%+v", d)
	}
	if d.Err() == nil {
		t.Error("a difference is no error")
	}
	if err := Compare(got[:1], []string{"critical A n1"}, nil).Err(); err != nil {
		t.Error(err)
	}
}
