package history

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"powerha_lpm_exporter/internal/model"
)

const maxRows = 20000

// row is one freeze of a file, in JSON or in the columns of the same names.
type row struct {
	Duration *float64  `json:"duration_seconds"`
	Bound    float64   `json:"bound_seconds"`
	Start    time.Time `json:"start"`
	Node     string    `json:"node"`
	Episode  string    `json:"episode"`
}

// ParseFile reads the freezes of migrations: JSON objects one a line, or CSV with a line of names, or without one as
// seconds and, where there is a second column, error bound. A row that names no episode is a migration of its own.
func ParseFile(p []byte) ([]model.FreezeRecord, error) {
	if t := bytes.TrimSpace(p); len(t) > 0 && t[0] == '{' {
		return parseLines(p)
	}
	return parseCSV(p)
}

func parseLines(p []byte) ([]model.FreezeRecord, error) {
	var out []model.FreezeRecord
	number := 0
	for line := range bytes.Lines(p) {
		number++
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		dec := json.NewDecoder(bytes.NewReader(line))
		dec.DisallowUnknownFields()
		var r row
		err := dec.Decode(&r)
		if err == nil && dec.More() {
			err = errors.New("more than one object in the line")
		}
		if err == nil {
			out, err = add(out, r, number)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
	}
	return out, nil
}

func parseCSV(p []byte) ([]model.FreezeRecord, error) {
	reader := csv.NewReader(bytes.NewReader(p))
	reader.FieldsPerRecord, reader.TrimLeadingSpace, reader.Comment = -1, true, '#'
	names := []string{"duration_seconds", "bound_seconds"}
	var out []model.FreezeRecord
	for first := true; ; first = false {
		fields, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err // names its line itself
		}
		number, _ := reader.FieldPos(0)
		if _, notNumber := strconv.ParseFloat(strings.TrimSpace(fields[0]), 64); first && notNumber != nil {
			names = fields
			continue
		}
		r, err := fromFields(names, fields)
		if err == nil {
			out, err = add(out, r, number)
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
	}
}

func fromFields(names, fields []string) (row, error) {
	var r row
	if len(fields) > len(names) {
		return r, fmt.Errorf("%d columns, but %d names", len(fields), len(names))
	}
	for i, f := range fields {
		var err error
		f = strings.TrimSpace(f)
		switch name := strings.TrimSpace(names[i]); name {
		case "duration_seconds":
			var v float64
			v, err = strconv.ParseFloat(f, 64)
			r.Duration = &v
		case "bound_seconds":
			if f != "" {
				r.Bound, err = strconv.ParseFloat(f, 64)
			}
		case "start":
			if f != "" {
				r.Start, err = time.Parse(time.RFC3339, f)
			}
		case "node":
			r.Node = f
		case "episode":
			r.Episode = f
		default:
			err = fmt.Errorf("unknown column %q; known are duration_seconds, bound_seconds, start, node, episode", name)
		}
		if err != nil {
			return r, err
		}
	}
	return r, nil
}

func add(out []model.FreezeRecord, r row, line int) ([]model.FreezeRecord, error) {
	if len(out) >= maxRows {
		return nil, fmt.Errorf("more than %d freezes", maxRows)
	}
	if r.Duration == nil {
		return nil, errors.New("no duration_seconds")
	}
	d, ok := duration(*r.Duration)
	bound, sound := duration(r.Bound)
	if !ok || !sound {
		return nil, fmt.Errorf("%v s with a bound of %v s cannot be a freeze", *r.Duration, r.Bound)
	}
	if r.Episode == "" {
		r.Episode = fmt.Sprintf("line %d", line)
	}
	return append(out, model.FreezeRecord{Node: r.Node, Start: r.Start, Episode: r.Episode, Fused: &d, Bound: bound}), nil
}
