// Package logfile reads what was appended to a log since the last time, over
// rotation, truncation and restarts of the reader.
package logfile

import (
	"bytes"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"io/fs"
	"os"
)

// Cursor is how far a log was read. The zero value has read nothing yet.
type Cursor struct {
	Set    bool   `json:"set"`
	File   uint64 `json:"file"` // inode: another one after a rotation
	Offset int64  `json:"offset"`
	// Tail is a sum of the bytes before Offset: they differ when the log was made anew in place and has grown past it since.
	Tail uint64 `json:"tail,omitempty"`
}

// Chunk is what a read brought.
type Chunk struct {
	Text []byte // whole lines
	Next Cursor
	// Skipped: lines before Text may have been passed over, because the log had grown by more than the limit, was made
	// anew in place, or was rotated to where its last lines could not be read.
	Skipped bool
}

// tailSize is how many bytes before the cursor are compared.
const tailSize = 256

// Read returns the whole lines that were appended to the file after the cursor, up to limit bytes: of more than that
// only the last. A cursor that is not set yet begins at the end of the file. An incomplete last line waits. After a
// rotation to a name beside it (cluster.log.1) what was not read yet is read there first.
func Read(path string, from Cursor, limit int64) (Chunk, error) {
	f, err := os.OpenFile(path, openFlags, 0)
	if err != nil {
		if errors.Is(err, fs.ErrNotExist) && !from.Set {
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
	l := log{f: f, id: inode(st), size: st.Size(), limit: limit}
	c, err := l.read(path, from)
	if err != nil {
		return Chunk{Next: from}, explain(path, err)
	}
	return c, nil
}

// log is the file as it is now.
type log struct {
	f     *os.File
	id    uint64
	size  int64
	limit int64
}

func (l log) read(path string, from Cursor) (Chunk, error) {
	if !from.Set {
		offset, err := lastLine(l.f, l.size)
		if err != nil {
			return Chunk{}, err
		}
		return l.after(Chunk{}, offset)
	}
	var c Chunk
	offset := from.Offset
	switch {
	case from.File != 0 && l.id != from.File:
		c.Text, c.Skipped = rotated(path, from, l.limit)
		offset = 0
	case from.File == 0:
		offset = 0 // it was not there before
	default:
		anew, err := l.anew(from)
		if err != nil {
			return Chunk{}, err
		}
		if anew {
			c.Skipped, offset = true, 0
		}
	}
	text, end, skipped, err := lines(l.f, offset, l.size, l.limit)
	if err != nil {
		return Chunk{}, err
	}
	c.Text, c.Skipped = append(c.Text, text...), c.Skipped || skipped
	return l.after(c, end)
}

// anew reports whether the file was truncated, or overwritten, since it was read.
func (l log) anew(from Cursor) (bool, error) {
	if l.size < from.Offset {
		return true, nil
	}
	if from.Tail == 0 {
		return false, nil // of a cursor of before it was kept
	}
	sum, err := tail(l.f, from.Offset)
	return sum != from.Tail, err
}

// after completes a chunk by the cursor behind it.
func (l log) after(c Chunk, offset int64) (Chunk, error) {
	sum, err := tail(l.f, offset)
	c.Next = Cursor{Set: true, File: l.id, Offset: offset, Tail: sum}
	return c, err
}

// tail sums the bytes before an offset; 0 when there are none.
func tail(f io.ReaderAt, offset int64) (uint64, error) {
	n := min(offset, tailSize)
	if n == 0 {
		return 0, nil
	}
	b := make([]byte, n)
	if _, err := f.ReadAt(b, offset-n); err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	h := fnv.New64a()
	_, _ = h.Write(b)
	return h.Sum64(), nil
}

// lastLine is where the last line begins that is not complete yet; the size when all are. It looks for it in the last
// bytes alone.
func lastLine(f io.ReaderAt, size int64) (int64, error) {
	n := min(size, 4096)
	b := make([]byte, n)
	read, err := f.ReadAt(b, size-n)
	if err != nil && !errors.Is(err, io.EOF) {
		return 0, err
	}
	if i := bytes.LastIndexByte(b[:read], '\n'); i >= 0 {
		return size - n + int64(i) + 1, nil
	}
	if n == size {
		return 0, nil // one line that has only begun
	}
	return size, nil
}

// lines reads whole lines from an offset on, of more than the limit the last ones, and returns where they end.
func lines(f io.ReaderAt, offset, size, limit int64) (text []byte, end int64, skipped bool, err error) {
	cut := false
	if size-offset > limit {
		skipped, cut, offset = true, true, size-limit-1 // from the byte before on, to see whether a line begins there
	}
	text = make([]byte, size-offset)
	n, err := f.ReadAt(text, offset)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, 0, false, err
	}
	text = text[:n]
	if cut { // the rest of a line is none
		i := bytes.IndexByte(text, '\n') + 1
		text, offset = text[i:], offset+int64(i)
	}
	whole := bytes.LastIndexByte(text, '\n') + 1
	return text[:whole], offset + int64(whole), skipped, nil
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
