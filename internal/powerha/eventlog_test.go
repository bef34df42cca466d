package powerha

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"powerha_lpm_exporter/internal/model"
)

// Logs of events, by version; the golden files are written by -update like those of the commands.
func TestEventLogGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*/events.*.log")
	if err != nil || len(files) == 0 {
		t.Fatalf("%v, %v", files, err)
	}
	update := flag.Lookup("update").Value.String() == "true"
	for _, file := range files {
		in, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		events, unparsed := ParseEventLog(in, "cluster.log")
		got, err := json.MarshalIndent(map[string]any{"events": events, "unparsed": unparsed}, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		golden := strings.TrimSuffix(file, ".log") + ".json"
		if update {
			if err := os.WriteFile(golden, append(got, '\n'), 0o600); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(golden)
		if err != nil || string(want) != string(got)+"\n" {
			t.Errorf("%s: %v, got\n%s", file, err, got)
		}
	}
}

func FuzzEventLog(f *testing.F) {
	f.Add([]byte("Nov 23 22:10:09 nodeB user:notice PowerHA SystemMirror for AIX: EVENT FAILED: 1: server_start app1 2 1\n"))
	f.Add([]byte("EVENT START:\nEVENT COMPLETED: x\nEVENT"))
	f.Fuzz(func(t *testing.T, b []byte) {
		events, unparsed := ParseEventLog(b, "x")
		if n := strings.Count(string(b), "EVENT "); len(events)+unparsed > n {
			t.Fatalf("%d events and %d failures of %d words", len(events), unparsed, n)
		}
		for _, e := range events {
			if e.Name == "" || len(e.Args) > maxArgs || e.Step == model.ClusterEventStart && e.Exit != nil {
				t.Fatalf("%+v", e)
			}
		}
	})
}

func TestSummaries(t *testing.T) {
	const text = "HACMP Event Summary\nEvent: TE_NODE_DOWN nodeA\nStart time: Sun Sep  4 12:01:02 CDT 2016\n\n" +
		"End time: Sun Sep  4 12:01:30 CDT 2016\nAction:\tResource:\tScript Name:\nEnd time: now\nEvent:\nEnd time: then\n" +
		"Event: $EVENT\nStart time: a\nEnd time: b\nEvent: rg_move\nEnd time: no begin\n"
	want := model.ClusterEvent{
		Source: "hacmp.out", Step: model.ClusterEventSummary, Name: "node_down", Args: []string{"nodeA"},
		Began: "Sun Sep 4 12:01:02 CDT 2016", Logged: "Sun Sep 4 12:01:30 CDT 2016",
	}
	at := strings.Index(text, "End time")
	for cut := 0; cut <= at; cut++ { // in pieces of whole lines
		if cut > 0 && text[cut-1] != '\n' {
			continue
		}
		var s SummaryReader
		got := append(s.Read([]byte(text[:cut]), "hacmp.out"), s.Read([]byte(text[cut:]), "hacmp.out")...)
		if len(got) != 1 || !reflect.DeepEqual(got[0], want) {
			t.Errorf("cut at %d: %+v", cut, got)
		}
	}
}

func FuzzSummaries(f *testing.F) {
	f.Add([]byte("Event: TE_NODE_DOWN nodeA\nStart time: Sun Sep  4 12:01:02 CDT 2016\nEnd time: Sun Sep  4 12:01:30 CDT 2016\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var s SummaryReader
		for _, e := range s.Read(b, "x") {
			if e.Name == "" || e.Began == "" || e.Logged == "" || e.Exit != nil || len(e.Args) > maxArgs {
				t.Fatalf("%+v", e)
			}
		}
	})
}
