package bundle

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/command"
	"powerha_lpm_exporter/internal/config"
	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/selftest"
)

func answered(s model.Source, text string) selftest.Asked {
	a := selftest.Replayed(s, command.Output{Stdout: []byte(text), Took: time.Second}, model.Instant{Wall: time.Unix(1.7e9, 0).UTC()})
	a.Argv = []string{"/opt/kundenbank/bin/wrap", "-x"}
	return a
}

func input(t testing.TB) *Input {
	t.Helper()
	c, err := config.Parse("c.yml", []byte("peers: {key_file: /k, targets: {zuerich: \"zuerich-hb.bank.example:10983\"}}\nprobes: [{application: konten, name: sql, type: tcp, target: \"db.bank.example:1521\"}]\n"))
	if err != nil {
		t.Fatal(err)
	}
	return &Input{
		Made: time.Unix(1.7e9, 0), Program: "1.2", OS: "aix", Arch: "ppc64", Node: "oslo", Phase: model.PhaseIdle, Config: c,
		Hostname: "oslo-adm.bank.example", Hosts: "10.1.2.3 oslo-adm.bank.example oslo-adm # comment\n::1 localhost\n",
		Asked: []selftest.Asked{
			answered(model.SourceNodes, "# NAME:STATE:RAW_STATE\noslo:NORMAL:ST_STABLE\nzuerich:NORMAL:ST_STABLE\n"),
			answered(model.SourceGroups, "rg_konten:ONLINE:oslo:\nrg_konten:OFFLINE:zuerich:\nrg_konten HALF-WAY bergen\n"),
			answered(model.SourceProcesses, "  PID COMMAND\n  7 /usr/local/bin/sqlplus system/tiger@KUNDEN\n  9 /bin/ksh /usr/es/sbin/cluster/utilities/cl_dr premigrate\n"),
			{Source: model.SourceErrlog, Command: "errpt", Reading: model.Reading{Source: model.SourceErrlog, Err: "errpt: no answer on oslo within 10s", TimedOut: true}},
		},
		Logs:     []Log{{Name: "cluster.log", Text: "Nov 23 22:10:05 oslo user:notice PowerHA SystemMirror for AIX: EVENT START: node_down zuerich\n"}},
		Rejected: []byte(`{"version":1,"lines":[{"text":"xnode1 oslo"}]}`),
		Notes:    []string{"asked on oslo"},
	}
}

func TestMakeWriteRead(t *testing.T) {
	b, r, err := Make(input(t))
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if err := b.Write(&file); err != nil {
		t.Fatal(err)
	}
	again, err := Read(bytes.NewReader(file.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for name, p := range again.Files {
		all.WriteString(name + "\n" + string(p) + "\n")
	}
	manifest, err := json.Marshal(again.Manifest)
	if err != nil {
		t.Fatal(err)
	}
	all.Write(manifest)
	for _, secret := range []string{"oslo", "zuerich", "konten", "kundenbank", "bank.example", "tiger", "KUNDEN", "10.1.2.3", "bergen"} {
		if strings.Contains(strings.ToLower(all.String()), strings.ToLower(secret)) {
			t.Errorf("%q is in the bundle", secret)
		}
	}
	if !strings.Contains(all.String(), "cl_dr premigrate") || !strings.Contains(all.String(), "EVENT START: node_down node") {
		t.Error("what matters is gone")
	}
	if len(r.Originals()) < 5 {
		t.Errorf("originals %v", r.Originals())
	}
	was, err := again.Report()
	if err != nil {
		t.Fatal(err)
	}
	now := again.Judge()
	if len(was.Rows) != len(now.Rows) || was.OK != now.OK {
		t.Fatalf("%d rows, then %d", len(was.Rows), len(now.Rows))
	}
	for i := range now.Rows {
		if was.Rows[i].Concluded != now.Rows[i].Concluded || was.Rows[i].Outcome != now.Rows[i].Outcome {
			t.Errorf("%s: was %q, now %q", now.Rows[i].Command, was.Rows[i].Concluded, now.Rows[i].Concluded)
		}
	}
	for _, row := range now.Rows {
		if row.Source == model.SourceErrlog && row.Outcome != selftest.TimedOut {
			t.Errorf("the time-out is replayed as %s", row.Outcome)
		}
	}
}

// member is one entry of an archive that was not written by Write.
type member struct {
	name string
	kind byte
	text string
	size int64 // when it is not len(text)
}

func archive(t testing.TB, members ...member) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, m := range members {
		if m.kind == 0 {
			m.kind = tar.TypeReg
		}
		h := &tar.Header{Typeflag: m.kind, Name: m.name, Size: int64(len(m.text)), Mode: 0o600, Linkname: "x"}
		if m.size > 0 {
			h.Size = m.size
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if m.kind == tar.TypeReg {
			_, _ = w.Write([]byte(m.text)) // one that is cut is meant
		}
	}
	_ = w.Flush()
	_ = w.Close()
	_ = z.Close()
	return b.Bytes()
}

func TestReadRefuses(t *testing.T) {
	manifest := member{name: folder + "manifest.json", text: `{"format":1}`}
	many := []member{manifest}
	for i := range maxMembers {
		many = append(many, member{name: fmt.Sprintf("%soutput/%s.stdout", folder, strings.Repeat("a", i%60+1)+strings.Repeat("_", i/60))})
	}
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"empty":          {nil, "is no archive"},
		"text":           {[]byte("hello"), "is no archive"},
		"no tar":         {gz([]byte("hello")), "is damaged"},
		"no manifest":    {archive(t, member{name: folder + "README", text: "x"}), "has no manifest.json"},
		"nothing":        {archive(t), "has no manifest.json"},
		"traversal":      {archive(t, manifest, member{name: folder + "../../etc/passwd", text: "x"}), "that no support bundle has"},
		"absolute":       {archive(t, manifest, member{name: "/etc/passwd", text: "x"}), "that no support bundle has"},
		"other folder":   {archive(t, manifest, member{name: "x/README", text: "x"}), "that no support bundle has"},
		"link":           {archive(t, manifest, member{name: folder + "README", kind: tar.TypeSymlink}), "no plain file"},
		"folder":         {archive(t, manifest, member{name: folder, kind: tar.TypeDir}), "no plain file"},
		"device":         {archive(t, manifest, member{name: folder + "README", kind: tar.TypeBlock}), "no plain file"},
		"twice":          {archive(t, manifest, member{name: folder + "README"}, member{name: folder + "README"}), "twice"},
		"too many":       {archive(t, many...), "more than 256 members"},
		"large member":   {archive(t, manifest, member{name: folder + "README", size: maxMember + 1}), "more than 4 MiB"},
		"bomb":           {archive(t, manifest, member{name: folder + "README", text: strings.Repeat("x", 1<<20), size: 1 << 21}), "is damaged"},
		"large":          {bytes.Repeat([]byte{0}, maxArchive+1), "is larger than 16 MiB"},
		"cut":            {archive(t, manifest, member{name: folder + "README", text: strings.Repeat("y", 4000)})[:60], "is damaged"},
		"other format":   {archive(t, member{name: folder + "manifest.json", text: `{"format":2,"asked":7}`}), "has format 2"},
		"no JSON":        {archive(t, member{name: folder + "manifest.json", text: `{`}), "manifest.json"},
		"unknown source": {archive(t, member{name: folder + "manifest.json", text: `{"format":1,"asked":[{"source":"../x"}]}`}), "which no command answers"},
		"source twice":   {archive(t, member{name: folder + "manifest.json", text: `{"format":1,"asked":[{"source":"nodes"},{"source":"nodes"}]}`}), "twice"},
		"no output":      {archive(t, member{name: folder + "manifest.json", text: `{"format":1,"asked":[{"source":"nodes","ran":true}]}`}), "has no output"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Read(bytes.NewReader(c.file))
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v, want %q", err, c.want)
			}
		})
	}
}

func gz(p []byte) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = z.Write(p)
	_ = z.Close()
	return b.Bytes()
}

// A name that Text does not replace keeps the bundle from being written: here the original comes back by the made-up one.
func TestMakeLooksAgain(t *testing.T) {
	b, r, err := Make(input(t))
	if err != nil {
		t.Fatal(err)
	}
	b.Files["README"] = append(b.Files["README"], " oslo"...)
	if err := b.check(r); err == nil || !strings.Contains(err.Error(), "in its README") || strings.Contains(err.Error(), "oslo") {
		t.Errorf("error %v", err)
	}
}

func FuzzRead(f *testing.F) {
	b, _, err := Make(input(f))
	if err != nil {
		f.Fatal(err)
	}
	var file bytes.Buffer
	if err := b.Write(&file); err != nil {
		f.Fatal(err)
	}
	f.Add(file.Bytes())
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, p []byte) {
		b, err := Read(bytes.NewReader(p))
		if err != nil {
			return
		}
		if r := b.Judge(); r == nil || len(r.Rows) == 0 {
			t.Fatal("no table")
		}
	})
}
