package command

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Outstanding lists the acts in this folder that were begun no earlier than
// since, by the time of their files, and have left no exit status. It is how a
// program that did not begin them, and was not told, finds them; Poll tells
// whether they still run.
func (r *OS) Outstanding(since time.Time) ([]Started, error) {
	entries, err := os.ReadDir(r.dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for outstanding acts: %w", err)
	}
	var out []Started
	for _, e := range entries {
		id, act := strings.CutSuffix(e.Name(), ".out")
		if !act || !validID(id) {
			continue
		}
		// The output is written to later, so the file that only the beginning writes decides, once it is there.
		stem := filepath.Join(r.dir, id)
		info, err := os.Stat(stem + ".pid")
		if err != nil {
			info, err = e.Info()
		}
		if err != nil || info.ModTime().Before(since) {
			continue
		}
		s := Started{ID: id, PID: readPID(stem + ".pid")}
		if _, ended, err := r.ended(s, stem); err == nil && ended {
			continue
		}
		out = append(out, s)
	}
	return out, nil
}
