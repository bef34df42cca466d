package identity

import (
	"context"
	"os"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/model"
)

func files(kv ...string) fstest.MapFS {
	m := fstest.MapFS{}
	for i := 0; i < len(kv); i += 2 {
		m[kv[i]] = &fstest.MapFile{Data: []byte(kv[i+1])}
	}
	return m
}

func TestRead(t *testing.T) {
	golden, err := os.ReadFile("testdata/lparcfg.9009.txt")
	if err != nil {
		t.Fatal(err)
	}
	const cfg, old = "proc/powerpc/lparcfg", "proc/ppc64/lparcfg"
	for name, tc := range map[string]struct {
		root     fstest.MapFS
		want     model.Server
		unparsed int
		err      string
	}{
		"device tree":             {root: files(systemID, "IBM,0278ABCDE\x00", modelName, "IBM,9009-42A\x00"), want: model.Server{Serial: "0278ABCDE", TypeModel: "9009-42A"}},
		"device tree, no model":   {root: files(systemID, "IBM,0278ABCDE\x00"), want: model.Server{Serial: "0278ABCDE"}},
		"device tree, no maker":   {root: files(systemID, "0278ABCDE\x00"), want: model.Server{Serial: "0278ABCDE"}},
		"cut, no zero byte":       {root: files(systemID, "IBM,0278ABC"), err: "does not end with a zero byte"},
		"both: device tree wins":  {root: files(systemID, "IBM,1\x00", cfg, "serial_number=IBM,2\n"), want: model.Server{Serial: "1"}},
		"lparcfg":                 {root: files(cfg, string(golden)), want: model.Server{Serial: "0278ABCDE", TypeModel: "9009-42A"}},
		"lparcfg, older place":    {root: files(old, string(golden)), want: model.Server{Serial: "0278ABCDE", TypeModel: "9009-42A"}},
		"device tree is rubbish":  {root: files(systemID, "\xff\xfe\x00", cfg, string(golden)), want: model.Server{Serial: "0278ABCDE", TypeModel: "9009-42A"}},
		"lparcfg, a strange line": {root: files(cfg, "lparcfg 1.9\nhello\nserial_number=IBM,1\n"), want: model.Server{Serial: "1"}, unparsed: 1},
		"lparcfg, a bad type":     {root: files(cfg, "serial_number=IBM,1\nsystem_type=\n"), want: model.Server{Serial: "1"}, unparsed: 1},
		"lparcfg without serial":  {root: files(cfg, "partition_id=3\n"), err: "no serial_number"},
		"lparcfg cut":             {root: files(cfg, "serial_numb"), err: "no serial_number", unparsed: 1},
		"empty files":             {root: files(systemID, "", cfg, ""), err: "does not end"},
		"no Power":                {root: files(), err: ErrNoPower.Error()},
		"another device tree":     {root: files(modelName, "Raspberry Pi 4 Model B\x00"), err: ErrNoPower.Error()},
		"NUL bytes":               {root: files(systemID, "\x00\x00\x00"), err: "is empty"},
		"too long":                {root: files(systemID, "IBM,"+strings.Repeat("A", 65)+"\x00"), err: "is no serial number"},
		"control characters":      {root: files(systemID, "IBM,A\x1b[2J\x00"), err: "is no serial number"},
		"megabytes":               {root: files(cfg, strings.Repeat("x\n", 1<<20)), err: "no serial_number", unparsed: maxFile / 2},
	} {
		s, unparsed, err := Read(tc.root)
		if tc.err != "" {
			if err == nil || s != nil || !strings.Contains(err.Error(), tc.err) || unparsed != tc.unparsed {
				t.Errorf("%s: %+v, %d unparsed, %v", name, s, unparsed, err)
			}
			continue
		}
		if err != nil || *s != tc.want || unparsed != tc.unparsed {
			t.Errorf("%s: %+v, %d unparsed, %v", name, s, unparsed, err)
		}
	}
}

// A file that is cut at any byte tells the right serial number or none.
func TestCut(t *testing.T) {
	const text, serial = "lparcfg 1.9\nserial_number=IBM,0278ABCDE\nsystem_type=IBM,9009-42A\n", "0278ABCDE"
	for n := range len(text) {
		if s, _, err := ParseLparcfg([]byte(text[:n])); err == nil && (s.Serial != serial || s.TypeModel != "" && s.TypeModel != "9009-42A") {
			t.Errorf("lparcfg cut at %d: %+v", n, s)
		}
	}
	const id = "IBM," + serial + "\x00"
	for n := range len(id) {
		if s, err := ParseDeviceTree([]byte(id[:n]), nil); err == nil {
			t.Errorf("system-id cut at %d: %+v", n, s)
		}
	}
}

type source model.Reading

func (s source) Read(_ context.Context, which model.Source) model.Reading {
	r := model.Reading(s)
	r.Source = which
	return r
}

func TestReader(t *testing.T) {
	clk := clock.NewFake(model.Instant{Wall: time.Unix(1e9, 0), Mono: time.Hour})
	linux := files(systemID, "IBM,0278ABCDE\x00")
	missing := source{Missing: true, Err: "lsattr: there is no /usr/sbin/lsattr"}
	for name, tc := range map[string]struct {
		next source
		root fstest.MapFS
		ask  model.Source
		want string
		err  string
	}{
		"AIX":            {source{Server: &model.Server{Serial: "A"}}, linux, model.SourceServer, "A", ""},
		"Linux":          {missing, linux, model.SourceServer, "0278ABCDE", ""},
		"lsattr fails":   {source{Err: "lsattr: exit 1"}, linux, model.SourceServer, "", "lsattr: exit 1"},
		"another source": {missing, linux, model.SourceGroups, "", missing.Err},
		"neither":        {missing, files(), model.SourceServer, "", missing.Err + "; and " + ErrNoPower.Error()},
	} {
		r := Reader{Source: tc.next, Clock: clk, Root: tc.root}.Read(t.Context(), tc.ask)
		if r.Source != tc.ask || !strings.HasPrefix(r.Err, tc.err) || (r.Err == "") != (tc.err == "") {
			t.Errorf("%s: %+v", name, r)
		}
		if got := r.Server; (got == nil) != (tc.want == "") || got != nil && got.Serial != tc.want {
			t.Errorf("%s: server %+v", name, got)
		}
		if name == "Linux" && (r.At != clk.Now() || r.Missing) {
			t.Errorf("%s: %+v", name, r)
		}
	}
}

func FuzzLparcfg(f *testing.F) {
	golden, err := os.ReadFile("testdata/lparcfg.9009.txt")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(golden)
	f.Add([]byte("serial_number=\x00\nsystem_type=IBM,\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		s, unparsed, err := ParseLparcfg(b)
		checkServer(t, s, err)
		if unparsed > len(b) {
			t.Errorf("%d unparsed lines in %d bytes", unparsed, len(b))
		}
	})
}

func FuzzDeviceTree(f *testing.F) {
	f.Add([]byte("IBM,0278ABCDE\x00"), []byte("IBM,9009-42A\x00"))
	f.Add([]byte(",\x00"), []byte("\xff"))
	f.Fuzz(func(t *testing.T, id, name []byte) {
		s, err := ParseDeviceTree(id, name)
		checkServer(t, s, err)
	})
}

func checkServer(t *testing.T, s *model.Server, err error) {
	t.Helper()
	if (s == nil) != (err != nil) {
		t.Fatalf("%+v and %v", s, err)
	}
	if s == nil {
		return
	}
	for _, v := range []string{s.Serial, s.TypeModel} {
		if len(v) > maxWord || strings.ContainsFunc(v, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Errorf("%q is no label", v)
		}
	}
	if s.Serial == "" {
		t.Error("a server without a serial number")
	}
}
