// Package logfile reads what was appended to a log since the last time, over
// rotation, truncation and restarts of the reader.
package logfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// Cursor is how far a log was read. The zero value has read nothing yet.
type Cursor struct {
	Set    bool   `json:"set"`
	File   uint64 `json:"file"` // inode: another one after a rotation
	Offset int64  `json:"offset"`
}

// Chunk is what a read brought.
type Chunk struct {
	Text []byte // whole lines
	Next Cursor
	// Skipped: lines before Text were passed over, because the log had grown by more than the limit or had been
	// rotated away before its last lines were read.
	Skipped bool
}

// Read returns the whole lines that were appended to the file after the cursor, up to limit bytes: of more than that
// only the last. A cursor that is not set yet begins at the end of the file. An incomplete last line waits.
func Read(path string, from Cursor, limit int64) (Chunk, error) {
	f, err := os.Open(path)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			from.Set = true // all that will be in it is new
		}
		return Chunk{Next: from}, explain(path, err)
	}
	defer f.Close()
	st, err := f.Stat()
	if err != nil {
		return Chunk{Next: from}, explain(path, err)
	}
	if !st.Mode().IsRegular() {
		return Chunk{Next: from}, fmt.Errorf("read %s: not a regular file", path)
	}
	id, size := inode(st), st.Size()
	if !from.Set {
		return Chunk{Next: Cursor{Set: true, File: id, Offset: size}}, nil
	}
	c := Chunk{Next: Cursor{Set: true, File: id, Offset: from.Offset}}
	if id != from.File || size < from.Offset { // another file, or made anew
		c.Skipped, c.Next.Offset = id != from.File && from.File != 0, 0
	}
	if size-c.Next.Offset > limit {
		c.Skipped, c.Next.Offset = true, size-limit
	}
	text := make([]byte, size-c.Next.Offset)
	n, err := f.ReadAt(text, c.Next.Offset)
	if err != nil && !errors.Is(err, io.EOF) {
		return Chunk{Next: from}, explain(path, err)
	}
	text = text[:n]
	end := bytes.LastIndexByte(text, '\n') + 1
	c.Next.Offset += int64(end)
	c.Text = text[:end]
	return c, nil
}

func explain(path string, err error) error {
	switch {
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%w: give the exporter's group the right to read it, or set cluster.logs to \"\"", err)
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: set cluster.logs to where this cluster writes it (odmget HACMPlogs)", err)
	default:
		return fmt.Errorf("read %s: %w", path, err)
	}
}
