package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	"powerha_lpm_exporter/internal/durable"
	"powerha_lpm_exporter/internal/model"
)

// FileName is where the exporter keeps the reports, one JSON object a line, relative to the state folder.
const FileName = "exporter/reports.jsonl"

// The file is made shorter beyond maxSize; the newest reports stay, as many as half of it holds.
const (
	maxSize = 4 << 20
	perm    = 0o640
)

// Append adds a report to the file.
func Append(fsys durable.FS, r *model.Report) error {
	line, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("append to %s: %w", FileName, err)
	}
	line = append(line, '\n')
	if torn(fsys) {
		line = append([]byte{'\n'}, line...)
	}
	if err := fsys.Append(FileName, line, perm, 0); err != nil {
		return fmt.Errorf("append to %s: %w", FileName, err)
	}
	return rotate(fsys)
}

// torn reports whether the last line was not written to its end; then the next one begins a line of its own.
func torn(fsys durable.FS) bool {
	n, err := fsys.Size(FileName)
	if err != nil || n == 0 {
		return false
	}
	last, err := fsys.ReadFrom(FileName, n-1)
	return err == nil && len(last) > 0 && last[0] != '\n'
}

func rotate(fsys durable.FS) error {
	n, err := fsys.Size(FileName)
	if err != nil || n <= maxSize {
		return err
	}
	p, err := fsys.ReadFrom(FileName, n-maxSize/2)
	if err != nil {
		return fmt.Errorf("rotate %s: %w", FileName, err)
	}
	if i := bytes.IndexByte(p, '\n'); i >= 0 {
		p = p[i+1:]
	}
	if err := fsys.Replace(FileName, p, perm); err != nil {
		return fmt.Errorf("rotate %s: %w", FileName, err)
	}
	return nil
}

// Load reads the reports, the oldest first; none is no error. damaged counts lines that could not be understood.
func Load(fsys durable.FS) (reports []model.Report, damaged int, err error) {
	p, err := fsys.ReadFile(FileName)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, nil
	}
	if err != nil {
		return nil, 0, fmt.Errorf("read %s: %w", FileName, err)
	}
	reports, damaged = Parse(p)
	return reports, damaged, nil
}

// Parse reads reports. Lines that are torn, not understood or of a newer version are left out and counted.
func Parse(p []byte) (reports []model.Report, damaged int) {
	for line := range bytes.Lines(p) {
		if len(bytes.TrimSpace(line)) == 0 {
			continue
		}
		var r model.Report
		if json.Unmarshal(line, &r) != nil || r.Version < 1 || r.Version > Version || r.Episode == "" || r.Verdict == "" {
			damaged++
			continue
		}
		reports = append(reports, r)
	}
	return reports, damaged
}
