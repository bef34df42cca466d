package report

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"powerha_lpm_exporter/internal/durable"
)

func newFS(t *testing.T) durable.FS {
	t.Helper()
	fsys := durable.NewMem()
	if err := fsys.MkdirAll("exporter", 0o750); err != nil {
		t.Fatal(err)
	}
	return fsys
}

func TestStore(t *testing.T) {
	fsys := newFS(t)
	if r, _, err := Load(fsys); len(r) != 0 || err != nil {
		t.Errorf("nothing yet: %v, %v", r, err)
	}
	want := Judge(good())
	if err := Append(fsys, &want); err != nil {
		t.Fatal(err)
	}
	// A crash in the midst of a write, and a report after it.
	if err := fsys.Append(FileName, []byte(`{"version":1,"episode":"to`), perm, 0); err != nil {
		t.Fatal(err)
	}
	if err := Append(fsys, &want); err != nil {
		t.Fatal(err)
	}
	got, damaged, err := Load(fsys)
	if err != nil || damaged != 1 || len(got) != 2 || !reflect.DeepEqual(got[0], want) || !reflect.DeepEqual(got[1], want) {
		t.Errorf("%d damaged, %v, %+v", damaged, err, got)
	}
}

// However many there were, the newest stay and the file is bounded.
func TestStoreIsBounded(t *testing.T) {
	fsys := newFS(t)
	r := Judge(good())
	r.EventsErr = strings.Repeat("x", 50_000)
	const n = 200
	for i := range n {
		r.Episode = fmt.Sprintf("e%d", i)
		if err := Append(fsys, &r); err != nil {
			t.Fatal(err)
		}
	}
	got, damaged, err := Load(fsys)
	if err != nil || damaged != 0 || len(got) < 20 || got[len(got)-1].Episode != fmt.Sprintf("e%d", n-1) {
		t.Errorf("%d reports, %d damaged, %v", len(got), damaged, err)
	}
	if size, _ := fsys.Size(FileName); size > maxSize {
		t.Errorf("%d bytes", size)
	}
}

func FuzzParse(f *testing.F) {
	r := Judge(good())
	line, err := json.Marshal(r)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(append(line, '\n'))
	f.Add([]byte("{}\n\n{\"version\":1,\"episode\":\"x\",\"verdict\":\"pass\"}"))
	f.Fuzz(func(t *testing.T, p []byte) {
		reports, damaged := Parse(p)
		if n := strings.Count(string(p), "\n") + 1; len(reports)+damaged > n {
			t.Fatalf("%d reports and %d damaged of %d lines", len(reports), damaged, n)
		}
	})
}
