package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"runtime"
	"strings"

	"github.com/alecthomas/kingpin/v2"
	"github.com/prometheus/common/version"

	"powerha_lpm_exporter/internal/bundle"
	"powerha_lpm_exporter/internal/redact"
)

func addBundle(app *kingpin.Application, t *tool, verbs map[string]func() int) {
	c := app.Command("support-bundle", "Write what the read commands print as one archive, with made-up names, addresses and serial numbers, into the file that --output names (powerha_lpm_bundle.tar.gz). Nothing is sent anywhere.")
	names := c.Flag("map", "Write beside it, mode 0600, which name stands for which. Keep this file.").PlaceHolder("FILE").String()
	verbs["support-bundle"] = func() int { return t.supportBundle(*names) }
}

// tail is how much of the end of a log is taken in.
const tail = 256 << 10

func (t *tool) supportBundle(names string) int {
	file := cmp.Or(t.outputFile, "powerha_lpm_bundle.tar.gz")
	if !t.config() {
		return exitUsage
	}
	if _, err := os.Lstat(file); err == nil {
		return t.fail(exitNo, "%s exists and is not overwritten; name another file", file)
	}
	x := t.examine()
	in := bundle.Input{
		Made: t.clk.Now().Wall, Program: cmp.Or(version.Version, "(development)"), OS: runtime.GOOS, Arch: runtime.GOARCH, Node: x.node, Phase: x.phase,
		Asked: x.asked, Config: t.cfg, Notes: x.notes,
	}
	in.Hostname, _ = os.Hostname() // without one there is none to replace
	if b, err := os.ReadFile("/etc/hosts"); err == nil && len(b) < 4<<20 {
		in.Hosts = string(b)
	}
	rejected, err := t.keptFile()
	if err != nil {
		in.Notes = append(in.Notes, err.Error())
	}
	if json.Valid(rejected) {
		in.Rejected = rejected
	}
	in.Logs, in.Notes = t.logs(in.Notes)
	b, r, err := bundle.Make(&in)
	if err != nil {
		return t.fail(exitNo, "%v", err)
	}
	var archive bytes.Buffer
	if err := b.Write(&archive); err != nil {
		return t.fail(exitNo, "write the bundle: %v", err)
	}
	if err := writeNew(file, archive.Bytes()); err != nil {
		return t.fail(exitNo, "write the bundle: %v", err)
	}
	if names != "" {
		if err := writeNew(names, originals(r)); err != nil {
			return t.fail(exitNo, "write the names: %v", err)
		}
	}
	t.tellBundle(file, names, archive.Len(), r)
	return exitOK
}

// tellBundle says what was written and what was replaced.
func (t *tool) tellBundle(file, names string, size int, r *redact.Redactor) {
	t.row("wrote", "%s, %d KiB; nothing was sent anywhere", file, (size+1023)/1024)
	counts := map[redact.Kind]int{}
	var kinds []redact.Kind
	for _, x := range r.Replaced() {
		if counts[x.Kind] == 0 {
			kinds = append(kinds, x.Kind)
		}
		counts[x.Kind]++
	}
	var said []string
	for _, k := range kinds {
		said = append(said, fmt.Sprintf("%d %s", counts[k], k))
	}
	t.row("replaced", "%s", strings.Join(said, ", "))
	for kind, n := range r.Kept() {
		t.row("left", "%d %s that is a word of the products as well", n, kind)
	}
	if names != "" {
		t.row("names", "%s says what stands for what; keep it to yourself", names)
	}
	t.row("next", "read it before you hand it on; `lpmctl replay %s` shows what is made of it", file)
}

func originals(r *redact.Redactor) []byte {
	b, err := json.MarshalIndent(r.Originals(), "", "  ")
	if err != nil {
		return nil // strings alone
	}
	return append(b, '\n')
}

// writeNew writes a file that only its owner can read, and that is not there yet.
func writeNew(path string, p []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(p)
	return errors.Join(err, f.Close())
}

// logs reads the ends of the logs that the exporter follows. hacmp.out stands in where cluster.log cannot be read, as for
// the exporter.
func (t *tool) logs(notes []string) ([]bundle.Log, []string) {
	l := t.cfg.Cluster.Logs
	var out []bundle.Log
	take := func(name, path string) bool {
		if path == "" {
			return false
		}
		text, err := end(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			notes = append(notes, name+" is not there")
		case err != nil:
			notes = append(notes, fmt.Sprintf("%s cannot be read: %v", name, errors.Unwrap(err)))
		default:
			out = append(out, bundle.Log{Name: name, Text: text})
		}
		return err == nil
	}
	if !take("cluster.log", l.ClusterLog) {
		take("hacmp.out", l.HacmpOut)
	}
	take("clutils.log", l.ClutilsLog)
	take("cl_dr.state", l.ClDRState)
	return out, notes
}

// end returns the last whole lines of a file.
func end(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	cut := info.Size() > tail
	if cut {
		if _, err := f.Seek(-tail, io.SeekEnd); err != nil {
			return "", err
		}
	}
	b, err := io.ReadAll(io.LimitReader(f, tail))
	if err != nil {
		return "", err
	}
	text := string(b)
	if cut {
		_, text, _ = strings.Cut(text, "\n")
	}
	return text, nil
}
