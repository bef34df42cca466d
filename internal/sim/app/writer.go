package app

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"powerha_lpm_exporter/internal/clock"
)

// Interval is the distance of two lines of a writer.
const Interval = 50 * time.Millisecond

// Writer appends to the shared log. Before each line it reads what others appended since its own last one: a line of
// another instance between two of its own proves that both ran.
type Writer struct {
	me     Instance
	group  string
	shared string
	clock  clock.Clock

	log  *os.File // appends
	in   *os.File // reads
	seq  uint64
	buf  []byte                   // a line that is not whole yet
	mine bool                     // a line of this instance was read back: what others wrote before is their time
	seen map[string]time.Duration // when another instance was last told of, by instance
}

// NewWriter opens the shared log at its end.
func NewWriter(o Options, me Instance) (*Writer, error) {
	log, err := os.OpenFile(WriterLog(o.Shared), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open the shared disk of %s: %w", o.Group, err)
	}
	in, err := os.Open(WriterLog(o.Shared))
	if err == nil {
		_, err = in.Seek(0, io.SeekEnd)
	}
	if err != nil {
		_ = log.Close()
		return nil, fmt.Errorf("open the shared disk of %s: %w", o.Group, err)
	}
	return &Writer{me: me, group: o.Group, shared: o.Shared, clock: o.Clock, log: log, in: in, seen: map[string]time.Duration{}}, nil
}

// Write looks for others and appends one line.
func (w *Writer) Write() error {
	others, err := w.others()
	if err != nil {
		return err
	}
	if err := w.append(false); err != nil {
		return err
	}
	var errs []error
	for _, o := range others {
		errs = append(errs, w.ranTwice(o))
	}
	return errors.Join(errs...)
}

// Close appends the last line: this instance hands over.
func (w *Writer) Close() error {
	return errors.Join(w.append(true), w.log.Close(), w.in.Close())
}

func (w *Writer) append(end bool) error {
	at := w.clock.Now()
	w.seq++
	b, err := json.Marshal(Line{Instance: w.me, Seq: w.seq, Time: at.Wall, Mono: at.Mono, End: end})
	if err != nil {
		return fmt.Errorf("encode a line: %w", err)
	}
	if _, err := w.log.Write(append(b, '\n')); err != nil { // one write: appends of two writers do not mix
		return fmt.Errorf("write to the shared disk of %s: %w", w.group, err)
	}
	return nil
}

// others reads the lines since the last look and lists the instances that wrote after this one had begun to.
func (w *Writer) others() ([]Instance, error) {
	text, err := io.ReadAll(w.in)
	if err != nil {
		return nil, fmt.Errorf("read the shared disk of %s: %w", w.group, err)
	}
	lines, rest := wholeLines(append(w.buf, text...))
	w.buf = rest
	var out []Instance
	listed := map[string]bool{}
	for _, l := range lines {
		switch {
		case l.ID == w.me.ID:
			w.mine = true
		case w.mine && !l.End && !listed[l.ID]:
			listed[l.ID] = true
			out = append(out, l.Instance)
		}
	}
	return out, nil
}

// quiet is how long another instance must not have been seen before it counts as a new moment.
const quiet = time.Second

func (w *Writer) ranTwice(other Instance) error {
	at := w.clock.Now()
	last, ok := w.seen[other.ID]
	w.seen[other.ID] = at.Mono
	if ok && at.Mono-last < quiet {
		return nil
	}
	b, err := json.Marshal(RanTwice{Time: at.Wall, Mono: at.Mono, Group: w.group, By: w.me, Other: other})
	if err != nil {
		return fmt.Errorf("encode: %w", err)
	}
	f, err := os.OpenFile(RanTwiceLog(w.shared), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return fmt.Errorf("record that %s ran twice: %w", w.group, err)
	}
	_, err = f.Write(append(b, '\n'))
	return errors.Join(err, f.Close())
}

// run writes until ctx ends. An error is told once and does not end the application.
func (w *Writer) run(ctx context.Context, tell func(error)) {
	timer := w.clock.NewTimer(0)
	defer timer.Stop()
	told := ""
	for {
		select {
		case <-ctx.Done():
			return
		case <-timer.C():
		}
		if err := w.Write(); err != nil && err.Error() != told {
			told = err.Error()
			tell(err)
		}
		timer.Reset(Interval)
	}
}

// wholeLines parses the whole lines of text and returns what follows them. A line that cannot be read is left out.
func wholeLines(text []byte) ([]Line, []byte) {
	end := bytes.LastIndexByte(text, '\n') + 1
	var out []Line
	in := bufio.NewScanner(bytes.NewReader(text[:end]))
	for in.Scan() {
		var l Line
		if json.Unmarshal(in.Bytes(), &l) == nil && l.ID != "" {
			out = append(out, l)
		}
	}
	return out, bytes.Clone(text[end:])
}

// Tail follows a writer's log from its beginning.
type Tail struct {
	path   string
	offset int64
}

// NewTail follows the log of a group.
func NewTail(shared string) *Tail { return &Tail{path: WriterLog(shared)} }

// Next returns the lines that were added since the last call.
func (t *Tail) Next() ([]Line, error) {
	f, err := os.Open(t.path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if _, err := f.Seek(t.offset, io.SeekStart); err != nil {
		return nil, err
	}
	text, err := io.ReadAll(f)
	if err != nil {
		return nil, err
	}
	lines, rest := wholeLines(text)
	t.offset += int64(len(text) - len(rest))
	return lines, nil
}
