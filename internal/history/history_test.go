package history

import (
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/durable"
	"powerha_lpm_exporter/internal/exporter"
	"powerha_lpm_exporter/internal/model"
)

// What the exporter writes is read, whatever becomes of its state.
func TestReadsWhatTheExporterWrites(t *testing.T) {
	fsys := durable.NewMem()
	if err := fsys.MkdirAll("exporter", 0o750); err != nil {
		t.Fatal(err)
	}
	if _, err := Read(fsys); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("nothing there: %v", err)
	}
	at := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	d := 4 * time.Second
	s := exporter.NewState(at)
	s.Cluster, s.Node = "prod", "n1"
	s.History = []model.FreezeRecord{{Start: at, Episode: "ep", Fused: &d, Bound: time.Millisecond}, {Start: at, Episode: "unseen"}}
	if err := exporter.SaveState(fsys, s); err != nil {
		t.Fatal(err)
	}
	n, err := Read(fsys)
	if err != nil || n.Cluster != "prod" || n.Node != "n1" || !n.Created.Equal(at) || len(n.History) != 2 {
		t.Fatalf("%+v, %v", n, err)
	}
	if h := n.History[0]; h.Node != "n1" || *h.Fused != d || h.Bound != time.Millisecond || h.Episode != "ep" || !h.Start.Equal(at) {
		t.Errorf("%+v", h)
	}
	if h := n.History[1]; h.Fused != nil || h.Episode != "unseen" {
		t.Errorf("%+v", h)
	}
	if StateName != exporter.StateName {
		t.Errorf("the exporter writes %s", exporter.StateName)
	}
	s.Version = stateVersion + 1
	if err := exporter.SaveState(fsys, s); err != nil {
		t.Fatal(err)
	}
	_, err = exporter.LoadState(fsys, at)
	if _, mine := Read(fsys); !errors.Is(err, exporter.ErrNewer) || mine == nil {
		t.Errorf("a newer one: the exporter says %v, we say %v", err, mine)
	}
}

func TestParseRefuses(t *testing.T) {
	for text, want := range map[string]string{
		``:                          "damaged",
		`{"version":1,"created":`:   "damaged",
		`{"version":1,"history":3}`: "damaged",
		`{"version":9,"history":3}`: "version 9, this program knows 1",
		`{}`:                        "no version or creation time",
		`[]`:                        "damaged",
	} {
		if _, err := Parse([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
	if n, err := Parse([]byte(`{"version":1,"created":"2026-01-01T00:00:00Z","node":"n1"}`)); err != nil || n.History != nil {
		t.Errorf("a file from before the history: %+v, %v", n, err)
	}
}

func TestParseFile(t *testing.T) {
	want := []float64{4.2, 0.5, 12}
	for name, text := range map[string]string{
		"csv":   "4.2\n0.5,0.01\n\n12 , 1\n",
		"names": "# from the old days\nnode,start,duration_seconds,bound_seconds\nn1,2026-01-01T00:00:00Z,4.2,\nn1,,.5,1e-2\nn2,,12,1\n",
		"json":  `{"duration_seconds":4.2}` + "\n\n" + ` {"duration_seconds":0.5,"bound_seconds":0.01,"node":"n1","start":"2026-01-01T00:00:00Z"}` + "\n" + `{"duration_seconds":12,"bound_seconds":1,"episode":"x"}`,
	} {
		got, err := ParseFile([]byte(text))
		if err != nil || len(got) != 3 {
			t.Errorf("%s: %+v, %v", name, got, err)
			continue
		}
		episodes := map[string]bool{}
		for i, r := range got {
			episodes[r.Episode] = true
			if r.Fused.Seconds() != want[i] {
				t.Errorf("%s: %v, want %v", name, r.Fused, want[i])
			}
		}
		if got[2].Bound != time.Second || len(episodes) != 3 || episodes[""] {
			t.Errorf("%s: %+v", name, got)
		}
	}
	for text, want := range map[string]string{
		"4.2\n-1\n":                          "line 2: -1 s",
		"4.2,NaN\n":                          "line 1: 4.2 s with a bound of NaN s",
		"1e300\n":                            "line 1",
		"4.2\nfour\n":                        "line 2",
		"seconds\n4.2\n":                     `line 2: unknown column "seconds"`,
		"4.2,1,2\n":                          "3 columns, but 2 names",
		"bound_seconds\n1\n":                 "no duration_seconds",
		"{\"duration_seconds\":1}\n{\n":      "line 2",
		`{"duration":1}`:                     "unknown field",
		`{"duration_seconds":1} {}`:          "more than one object",
		"duration_seconds,start\n1,monday\n": "line 2",
		strings.Repeat("1\n", maxRows+1):     "more than 20000",
	} {
		if got, err := ParseFile([]byte(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40q: %+v, %v", text, len(got), err)
		}
	}
	if got, err := ParseFile(nil); err != nil || len(got) != 0 {
		t.Errorf("empty: %v, %v", got, err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"version":1,"created":"2026-01-01T00:00:00Z","node":"n","history":[{"start":"2026-01-01T00:00:00Z","fused":1,"bound":2}]}`))
	f.Fuzz(func(t *testing.T, p []byte) {
		n, err := Parse(p)
		if err == nil && slices.ContainsFunc(n.History, func(r model.FreezeRecord) bool { return r.Node != n.Node }) {
			t.Error("a record of no node")
		}
	})
}

func FuzzParseFile(f *testing.F) {
	f.Add([]byte("duration_seconds,bound_seconds\n4.2,0.01\n"))
	f.Add([]byte(`{"duration_seconds":4.2}`))
	f.Fuzz(func(t *testing.T, p []byte) {
		got, err := ParseFile(p)
		for _, r := range got {
			if err != nil || r.Fused == nil || *r.Fused < 0 || r.Bound < 0 || *r.Fused+r.Bound < 0 || r.Episode == "" {
				t.Errorf("%+v, %v", r, err)
			}
		}
	})
}
