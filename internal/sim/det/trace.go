package det

import (
	"encoding/json"
	"fmt"
	"io"
	"sort"
	"strings"
	"time"
)

// Record is one line of the trace: what a referee sees who believes no word of an actor.
type Record struct {
	At     time.Duration
	Node   string
	Kind   string
	Fields map[string]any
}

// emit adds a record, and shows it to the checker at once. kv are field names and values in turn.
func (w *World) emit(node, kind string, kv ...any) {
	f := make(map[string]any, len(kv)/2)
	for i := 0; i+1 < len(kv); i += 2 {
		f[kv[i].(string)] = kv[i+1]
	}
	w.record(Record{At: w.now, Node: node, Kind: kind, Fields: f})
}

func (w *World) record(r Record) {
	w.trace = append(w.trace, r)
	w.check.see(&w.trace[len(w.trace)-1])
}

func (r *Record) text(name string) string {
	s, _ := r.Fields[name].(string)
	return s
}

func (r *Record) flag(name string) bool {
	b, _ := r.Fields[name].(bool)
	return b
}

func (r *Record) list(name string) []string {
	l, _ := r.Fields[name].([]string)
	return l
}

// WriteTrace writes records as JSON, one object a line.
func WriteTrace(out io.Writer, seed uint64, records []Record) error {
	enc := json.NewEncoder(out)
	enc.SetEscapeHTML(false)
	for _, r := range records {
		m := map[string]any{"seed": seed, "t": r.At.Seconds(), "kind": r.Kind}
		if r.Node != "" {
			m["node"] = r.Node
		}
		for k, v := range r.Fields {
			m[k] = v
		}
		if err := enc.Encode(m); err != nil {
			return err
		}
	}
	return nil
}

// String is the record on one line, for people.
func (r Record) String() string {
	var kv []string
	for k, v := range r.Fields {
		if k == "data" {
			continue
		}
		kv = append(kv, fmt.Sprintf("%s=%v", k, v))
	}
	sort.Strings(kv)
	return fmt.Sprintf("%9.3f %-4s %-14s %s", r.At.Seconds(), r.Node, r.Kind, strings.Join(kv, " "))
}

// shown are the kinds that a shortened trace keeps.
func shown(r Record) bool {
	switch r.Kind {
	case "journal", "manager", "signal", "peer_phase", "config":
		return false
	}
	return true
}

// shorten keeps what a person needs to understand a violation: the last records of the kinds that tell of it.
func shorten(trace []Record, most int) []Record {
	var out []Record
	for i := len(trace) - 1; i >= 0 && len(out) < most; i-- {
		if shown(trace[i]) {
			out = append(out, trace[i])
		}
	}
	for i, j := 0, len(out)-1; i < j; i, j = i+1, j-1 {
		out[i], out[j] = out[j], out[i]
	}
	return out
}
