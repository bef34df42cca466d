package powerha

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
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
