package lab

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Witnesses say which witnesses the exporters hear, and which of them they hear late: the product itself knows nothing of
// that, so what is read late is a command in front of another, or a copy of a file.
type Witnesses struct {
	Off  []string
	Late map[string]time.Duration
}

// LateVerb is the first argument with which the demo's program is such a command.
const LateVerb = "late"

// lateCommand puts the program in front of a command: the answer is that of span ago.
func (l *Lab) lateCommand(node, tool string, span time.Duration, argv ...string) []string {
	return append([]string{l.Self, LateVerb, span.String(), l.path("late", node+"-"+tool)}, argv...)
}

// answer is what a command once said.
type answer struct {
	Stdout, Stderr []byte
	Exit           int
}

// RunLate runs a command and passes on what the same command said span ago, or at first.
//
//	late SPAN FOLDER COMMAND [ARGUMENT…]
func RunLate(args []string, now time.Time, stdout, stderr io.Writer) int {
	if len(args) < 3 {
		_, _ = fmt.Fprintln(stderr, "late: give a span, a folder and a command")
		return 2
	}
	span, err := time.ParseDuration(args[0])
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "late: %v\n", err)
		return 2
	}
	a, err := lateAnswer(args[1], args[2:], now, span)
	if err != nil {
		_, _ = fmt.Fprintf(stderr, "late: %v\n", err)
		return 1
	}
	_, _ = stdout.Write(a.Stdout)
	_, _ = stderr.Write(a.Stderr)
	return a.Exit
}

func lateAnswer(dir string, argv []string, now time.Time, span time.Duration) (answer, error) {
	h := fnv.New64a()
	_, _ = h.Write([]byte(strings.Join(argv, "\x00")))
	dir = filepath.Join(dir, strconv.FormatUint(h.Sum64(), 16))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return answer{}, err
	}
	var out, errs bytes.Buffer
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return answer{}, err
	}
	text, err := json.Marshal(answer{Stdout: out.Bytes(), Stderr: errs.Bytes(), Exit: cmd.ProcessState.ExitCode()})
	if err != nil {
		return answer{}, err
	}
	// Written aside and renamed, since the same command may be asked twice at once.
	name := fmt.Sprintf("%020d", now.UnixNano())
	aside := filepath.Join(dir, "."+name)
	if err := errors.Join(os.WriteFile(aside, text, 0o644), os.Rename(aside, filepath.Join(dir, name))); err != nil {
		return answer{}, err
	}
	return chosen(dir, now.Add(-span))
}

// chosen is the last answer that is not newer than at, else the first.
func chosen(dir string, at time.Time) (a answer, err error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return a, err
	}
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), ".") {
			names = append(names, e.Name())
		}
	}
	slices.Sort(names)
	limit := fmt.Sprintf("%020d", at.UnixNano())
	pick := names[0]
	for _, n := range names {
		if n <= limit {
			pick = n
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, pick))
	if err != nil {
		return a, err
	}
	return a, json.Unmarshal(text, &a)
}

// lateFile keeps a copy of a file as it was span ago.
type lateFile struct {
	from, to string
	span     time.Duration
	seen     []look
	last     look
}

// look is a file at one moment; nil text is no file.
type look struct {
	at      time.Time
	text    []byte
	written time.Time
}

// step looks at the file and brings the copy up to what was there span ago. What only grew is appended, so that a reader
// of the copy sees no other file.
func (f *lateFile) step(now time.Time) error {
	l := look{at: now}
	if st, err := os.Stat(f.from); err == nil {
		text, err := os.ReadFile(f.from)
		if err != nil {
			return err
		}
		l.text, l.written = append([]byte{}, text...), st.ModTime()
	}
	before := f.last
	if n := len(f.seen); n > 0 {
		before = f.seen[n-1]
	}
	if (l.text == nil) != (before.text == nil) || !bytes.Equal(l.text, before.text) || !l.written.Equal(before.written) {
		f.seen = append(f.seen, l)
	}
	for len(f.seen) > 0 && now.Sub(f.seen[0].at) >= f.span {
		if err := f.show(f.seen[0]); err != nil {
			return err
		}
		f.last, f.seen = f.seen[0], f.seen[1:]
	}
	return nil
}

func (f *lateFile) show(l look) error {
	if l.text == nil {
		if err := os.Remove(f.to); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		return nil
	}
	was := f.last.text
	flags, text := os.O_TRUNC, l.text
	if was != nil && bytes.HasPrefix(l.text, was) {
		flags, text = os.O_APPEND, l.text[len(was):]
	}
	to, err := os.OpenFile(f.to, os.O_CREATE|os.O_WRONLY|flags, 0o644)
	if err != nil {
		return err
	}
	_, err = to.Write(text)
	// Its stamp is true: what is late is that it is seen.
	return errors.Join(err, to.Close(), os.Chtimes(f.to, l.written, l.written))
}

// follow keeps the copies until ctx ends.
func follow(ctx context.Context, files []*lateFile) {
	var group sync.WaitGroup
	for _, f := range files {
		group.Go(func() {
			ticker := time.NewTicker(100 * time.Millisecond)
			defer ticker.Stop()
			for {
				_ = f.step(time.Now()) // a file in the midst of being replaced is there at the next look
				select {
				case <-ctx.Done():
					return
				case <-ticker.C:
				}
			}
		})
	}
	group.Wait()
}
