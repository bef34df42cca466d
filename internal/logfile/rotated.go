package logfile

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// rotated returns what was not read yet of the log that the cursor is of, from a file beside it that has its name with
// something behind it. It reports skipped when that cannot be had, or when there was more than one rotation.
func rotated(path string, from Cursor, limit int64) (text []byte, skipped bool) {
	dir := filepath.Dir(path)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, true
	}
	var old fs.FileInfo
	var name string
	var newest time.Time
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), filepath.Base(path)+".") || !e.Type().IsRegular() {
			continue
		}
		st, err := e.Info()
		if err != nil {
			continue
		}
		if st.ModTime().After(newest) {
			newest = st.ModTime()
		}
		if inode(st) == from.File {
			old, name = st, e.Name()
		}
	}
	if old == nil || old.Size() < from.Offset {
		return nil, true
	}
	f, err := os.OpenFile(filepath.Join(dir, name), openFlags, 0)
	if err != nil {
		return nil, true
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil || inode(st) != from.File {
		return nil, true
	}
	if sum, err := tail(f, from.Offset); err != nil || from.Tail != 0 && sum != from.Tail {
		return nil, true // the number was given to another file
	}
	text, _, skipped, err = lines(f, from.Offset, st.Size(), limit)
	if err != nil {
		return nil, true
	}
	return bytes.Clone(text), skipped || newest.After(old.ModTime())
}
