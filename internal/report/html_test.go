package report

import (
	"bytes"
	"encoding/xml"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/model"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// variant is a report in which everything went wrong that can be drawn.
func variant() model.Report {
	in := good()
	in.Events = append(in.Events,
		model.JudgedEvent{ClusterEvent: model.ClusterEvent{Seen: moment(27), Source: "cluster.log", Step: model.ClusterEventStart, Name: "node_down", Args: []string{"n1"}}},
		model.JudgedEvent{ClusterEvent: model.ClusterEvent{Seen: moment(28), Source: "cluster.log", Step: model.ClusterEventStart, Name: "rg_move_acquire", Args: []string{"n2", "1"}}})
	in.Outages = append(in.Outages, model.Outage{Application: "db", Probe: "sql", Vantage: "local", From: "n1", Start: moment(28), Duration: 22 * time.Second, Ongoing: true})
	in.UnmanagedTo = time.Time{}
	return Judge(in)
}

func render(t *testing.T, r *model.Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := HTML(&b, r); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestHTML(t *testing.T) {
	for name, r := range map[string]model.Report{"good": Judge(good()), "bad": variant()} {
		got := render(t, &r)
		path := "testdata/" + name + ".html"
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil || got != string(want) {
			t.Errorf("%s differs (go test -update rewrites it): %v", path, err)
		}
		for _, s := range []string{"http:", "https:", "<script", "src=", "url("} {
			if strings.Contains(got, s) {
				t.Errorf("%s: needs more than itself: %q", name, s)
			}
		}
	}
}

// Names from outside are text, wherever they stand; the drawing stays well-formed.
func TestHTMLEscapes(t *testing.T) {
	const evil = `</title><script>alert("x")</script>`
	in := good()
	in.Node, in.Cluster, in.Episode, in.BudgetLimit = evil, evil, evil, evil
	in.Outages[0].Application, in.Outages[0].From = evil, evil
	in.Events[0].Name, in.Events[0].Args = evil, []string{evil}
	r := Judge(in)
	got := render(t, &r)
	if strings.Contains(got, "<script") {
		t.Error("a name became a script")
	}
	svg := got[strings.Index(got, "<svg") : strings.Index(got, "</svg>")+len("</svg>")]
	d := xml.NewDecoder(strings.NewReader(svg))
	for {
		if _, err := d.Token(); err != nil {
			if err.Error() != "EOF" {
				t.Errorf("the drawing: %v", err)
			}
			break
		}
	}
}

// What little is known is shown, whatever is missing.
func TestHTMLOfLittle(t *testing.T) {
	r := Judge(Input{Report: model.Report{Episode: "e", Node: "n1", Result: model.ResultLost, Start: moment(0), End: moment(1)}})
	if got := render(t, &r); !strings.Contains(got, "not visible") || !strings.Contains(got, "fail") {
		t.Error(got)
	}
}

// Events that are close to each other stand above each other.
func TestMarksDoNotOverlap(t *testing.T) {
	in := good()
	for i := range 30 {
		in.Events = append(in.Events, model.JudgedEvent{ClusterEvent: model.ClusterEvent{Seen: moment(20 + i/10), Name: "network_down"}})
	}
	r := Judge(in)
	marks := draw(&r).Lanes
	all := marks[len(marks)-1].Marks
	for i, a := range all {
		for _, b := range all[:i] {
			if dx, dy := a.X-b.X, a.Y-b.Y; dx*dx+dy*dy < 20*20 {
				t.Fatalf("marks %d and %d overlap", b.Number, a.Number)
			}
		}
	}
}
