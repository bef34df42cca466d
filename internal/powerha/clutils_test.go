package powerha

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/model"
)

// readLog parses a file of testdata/logs by what its name begins with.
func readLog(t *testing.T, file string, in []byte) any {
	t.Helper()
	if strings.HasPrefix(filepath.Base(file), "clutils.") {
		events, unparsed := ParseClutils(in)
		return map[string]any{"events": events, "unparsed": unparsed}
	}
	state, unparsed := ParseClDRState(in)
	return map[string]any{"state": state, "unparsed": unparsed}
}

// TestGoldenLogs compares what is read of PowerHA's own script with the golden files, each of which names its source.
func TestGoldenLogs(t *testing.T) {
	const dir = "testdata/logs/cl_dr/"
	sources, err := os.ReadFile(dir + "SOURCES")
	if err != nil {
		t.Fatal(err)
	}
	files, err := filepath.Glob(dir + "*.txt")
	if err != nil || len(files) < 5 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			if !strings.Contains(string(sources), filepath.Base(file)+" ") {
				t.Error("SOURCES does not name its source")
			}
			in, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got, err := json.MarshalIndent(readLog(t, file, in), "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			golden := strings.TrimSuffix(file, ".txt") + ".json"
			if *update {
				if err := os.WriteFile(golden, append(got, '\n'), 0o644); err != nil { //nolint:gosec // test data
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if string(got)+"\n" != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestClutilsBadInput(t *testing.T) {
	good := "Tue Jan 26 10:57:08 UTC 2016 cl_dr: PRE_MIGRATE entered\n"
	for name, tt := range map[string]struct {
		in       string
		events   int
		unparsed int
	}{
		"empty":                         {"", 0, 0},
		"a usage text":                  {"Usage: cl_dr {scriptinfo|register}\n", 0, 0},
		"another tag that ends so":      {"Tue Jan 26 10:57:08 UTC 2016 my_cl_dr: PRE_MIGRATE entered\n", 0, 0},
		"the word in other text":        {"Tue Jan 26 10:57:08 UTC 2016 cl_dr: calls PRE_MIGRATE\n", 0, 0},
		"no stamp":                      {"cl_dr: PRE_MIGRATE entered\n", 1, 0},
		"NUL bytes":                     {"\x00\x00" + good + "\x00\n" + good, 2, 0},
		"a phase that is not known":     {strings.Replace(good, "PRE_", "RESUME_", 1), 0, 1},
		"the tag far behind":            {strings.Repeat("x", 100) + " cl_dr: PRE_MIGRATE entered\n", 0, 0},
		"much of something else":        {strings.Repeat("+ ksh trace\n", 100000) + good, 1, 0},
		"the last line without its end": {good + strings.TrimSuffix(good, "\n"), 2, 0},
	} {
		t.Run(name, func(t *testing.T) {
			events, unparsed := ParseClutils([]byte(tt.in))
			if len(events) != tt.events || unparsed != tt.unparsed {
				t.Errorf("%d events, %d unparsed, want %d and %d", len(events), unparsed, tt.events, tt.unparsed)
			}
		})
	}
	// Cut anywhere, a log tells no other phase.
	log, err := os.ReadFile("testdata/logs/cl_dr/clutils.7.2.0.txt")
	if err != nil {
		t.Fatal(err)
	}
	whole, _ := ParseClutils(log)
	for n := range log {
		events, unparsed := ParseClutils(log[:n])
		if len(events) > len(whole) || unparsed != 0 {
			t.Fatalf("cut at %d: %d events, %d unparsed", n, len(events), unparsed)
		}
		for i, e := range events {
			if e.Kind != whole[i].Kind {
				t.Fatalf("cut at %d: event %d is %s, not %s", n, i, e.Kind, whole[i].Kind)
			}
		}
	}
}

func FuzzClutils(f *testing.F) {
	for _, file := range []string{"clutils.7.2.0.txt", "clutils.undo.txt", "clutils.german.txt"} {
		in, err := os.ReadFile("testdata/logs/cl_dr/" + file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(in)
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		events, unparsed := ParseClutils(in)
		if n := strings.Count(string(in), "\n") + 1; len(events)+unparsed > n {
			t.Errorf("%d events and %d unparsed of %d lines", len(events), unparsed, n)
		}
		for _, e := range events {
			switch e.Kind {
			case model.EventCheck, model.EventPre, model.EventPost, model.EventUndoPre, model.EventUndoCheck:
			default:
				t.Errorf("kind %q", e.Kind)
			}
			if e.Implied && e.Kind != model.EventPost || e.Stamp.IsZero() != (e.Zone == "") {
				t.Errorf("%+v", e)
			}
		}
	})
}

func FuzzClDRState(f *testing.F) {
	f.Add([]byte("node_state=NORMAL\nRSCT_local_DMS_state=Enabled\nnode_timeout=30000\ndeadman_mode=a\n"))
	f.Add([]byte("node_timeout=99999999999999999999\n=\n"))
	f.Fuzz(func(t *testing.T, in []byte) {
		s, unparsed := ParseClDRState(in)
		if s.NodeTimeout < 0 || s.NodeTimeout > 1<<31*time.Millisecond || unparsed > len(in)+1 {
			t.Errorf("%+v, %d unparsed", s, unparsed)
		}
		if s.DeadmanMode != "" && s.DeadmanMode != "a" && s.DeadmanMode != "e" {
			t.Errorf("deadman mode %q", s.DeadmanMode)
		}
	})
}
