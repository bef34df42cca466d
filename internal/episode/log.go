// Package episode keeps the logs of what was seen of migrations, and folds
// them into the migrations of this node.
//
// Two logs have the same form, one JSON object a line (model.EpisodeEvent):
// dr/episode.jsonl, written by the DR script and the actor (root), and
// exporter/observed.jsonl, written by the exporter. The first is
// authoritative for every migration that it knows.
package episode

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"
	"time"

	"powerha_lpm_exporter/internal/durable"
	"powerha_lpm_exporter/internal/model"
)

// Names of the logs, relative to the state folder.
const (
	LogName      = "dr/episode.jsonl"
	ObservedName = "exporter/observed.jsonl"
)

// Version of a line. Lines of a newer version are kept in the file and counted as damaged by Parse.
const Version = 1

const (
	maxSize  = 1 << 20
	maxLine  = 16 << 10
	lockWait = 2 * time.Second
	perm     = 0o640
)

// Append writes one event to dr/episode.jsonl in one write under the lock of the file, waiting for that at most two
// seconds, and returns when it is on disk. The FS is rooted at the state folder.
func Append(fsys durable.FS, e model.EpisodeEvent) error {
	return AppendTo(fsys, LogName, e)
}

// AppendTo is Append for the log of that name.
func AppendTo(fsys durable.FS, name string, e model.EpisodeEvent) error {
	line, err := encode(e)
	if err != nil {
		return fmt.Errorf("append %s to %s: %w", e.Event, name, err)
	}
	if torn(fsys, name) {
		line = append([]byte{'\n'}, line...)
	}
	err = fsys.Append(name, line, perm, lockWait)
	if errors.Is(err, fs.ErrNotExist) { // the folder is not there yet
		if err = fsys.MkdirAll(path.Dir(name), 0o750); err == nil {
			err = fsys.Append(name, line, perm, lockWait)
		}
	}
	if err != nil {
		return fmt.Errorf("append %s to %s: %w", e.Event, name, err)
	}
	return nil
}

func encode(e model.EpisodeEvent) ([]byte, error) {
	e.Version = Version
	e.Time = e.Time.UTC()
	line, err := json.Marshal(e)
	if err != nil {
		return nil, err
	}
	if len(line) >= maxLine {
		return nil, fmt.Errorf("event has %d bytes, at most %d fit in a line", len(line), maxLine)
	}
	return append(line, '\n'), nil
}

// torn reports whether the last line of the file was not written to its end; then the next one begins a line of its own.
func torn(fsys durable.FS, name string) bool {
	n, err := fsys.Size(name)
	if err != nil || n == 0 {
		return false
	}
	last, err := fsys.ReadFrom(name, n-1)
	return err == nil && len(last) > 0 && last[len(last)-1] != '\n'
}

// Parse reads the events of a log in their order. Lines that are torn, not understood or of a newer version are left
// out and counted.
func Parse(p []byte) (events []model.EpisodeEvent, damaged int) {
	for len(p) > 0 {
		line, rest, whole := bytes.Cut(p, []byte{'\n'})
		p = rest
		line = bytes.TrimSpace(line)
		if len(line) == 0 {
			continue
		}
		var e model.EpisodeEvent
		switch err := json.Unmarshal(line, &e); {
		case !whole, err != nil, len(line) >= maxLine:
			damaged++
		case e.Version < 1, e.Version > Version, !known(e.Event), e.Time.IsZero():
			damaged++
		default:
			events = append(events, e)
		}
	}
	return events, damaged
}

func known(k model.EventKind) bool {
	switch k {
	case model.EventCheck, model.EventUndoCheck, model.EventPre, model.EventPost, model.EventUndoPre,
		model.EventStarted, model.EventDone, model.EventAborted, model.EventFreeze, model.EventRebooted,
		model.EventBegin, model.EventEnd, model.EventEnded, model.EventExpired, model.EventMoved, model.EventStayed:
		return true
	default:
		return false
	}
}

// Rotate makes the log of that name shorter once it has grown beyond 1 MiB: the newest half of the lines stays, and
// with it every line of an episode that is still open. While an episode is open it waits up to four times that size,
// because another process may be appending.
func Rotate(fsys durable.FS, name string, now time.Time, checkExpires time.Duration) error {
	n, err := fsys.Size(name)
	if errors.Is(err, fs.ErrNotExist) || err == nil && n <= maxSize {
		return nil
	}
	if err != nil {
		return fmt.Errorf("rotate %s: %w", name, err)
	}
	p, err := fsys.ReadFile(name)
	if err != nil {
		return fmt.Errorf("rotate %s: %w", name, err)
	}
	open := openIDs(name, p, now, checkExpires)
	if len(open) > 0 && n <= 4*maxSize {
		return nil
	}
	if err := fsys.Replace(name, keep(p, open), perm); err != nil {
		return fmt.Errorf("rotate %s: %w", name, err)
	}
	return nil
}

func openIDs(name string, p []byte, now time.Time, checkExpires time.Duration) map[string]bool {
	events, _ := Parse(p)
	open := make(map[string]bool)
	all := Fold(events, now, checkExpires)
	if name == ObservedName {
		all = Fuse(nil, events, Options{Now: now, CheckExpires: checkExpires})
	}
	for _, e := range all {
		if e.Open || e.Phase != model.PhaseIdle {
			open[e.ID] = true
			for _, id := range e.Also {
				open[id] = true
			}
		}
	}
	return open
}

func keep(p []byte, open map[string]bool) []byte {
	var out []byte
	for start := 0; start < len(p); {
		end := len(p)
		if i := bytes.IndexByte(p[start:], '\n'); i >= 0 {
			end = start + i + 1
		}
		events, _ := Parse(p[start:end])
		if start >= len(p)/2 || len(events) == 1 && open[events[0].Episode] {
			out = append(out, p[start:end]...)
		}
		start = end
	}
	return out
}

var notInID = regexp.MustCompile(`[^A-Za-z0-9_.-]+`)

// NewID names an episode of the node that began at t: readable, sortable, safe as a file name.
func NewID(node string, t time.Time) string {
	node = notInID.ReplaceAllString(node, "_")
	if node == "" {
		node = "node"
	}
	return strings.ReplaceAll(t.UTC().Format("20060102T150405.000Z"), ".", "") + "-" + node
}
