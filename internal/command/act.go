package command

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"powerha_lpm_exporter/internal/model"
)

// maxTail is how much of the end of an act's output Poll returns.
const maxTail = 4 << 10

// shell runs the wrapper. It is the POSIX shell on Linux and ksh on AIX.
const shell = "/bin/sh"

// wrapper writes the exit status of an act where it survives both the program
// that began it and the wrapper's own parent. Its parameters are the stem of
// the files and the argv. Signals that are meant for a dying service's group
// must not cut it short; the traps are not inherited by the act itself. It
// starts no other program; a file is whole once it ends in a newline.
const wrapper = `trap : HUP INT TERM
f=$1
shift
echo "$$" >"$f.pid"
"$@"
rc=$?
echo "$rc" >"$f.exit"
exit "$rc"`

// An act counts as gone without a trace only after two looks so far apart,
// neither of which found a process or an exit status: one look may come
// between two steps of the system, or of the wrapper.
const (
	lostAfter = 2 * time.Second
	// unbornAfter is the same while no pid is known: a wrapper may have been started by a program that died at once,
	// and a busy machine may let it wait for long before it writes down its pid.
	unbornAfter = 30 * time.Second
)

// maxID is the longest id of an act.
const maxID = 128

// validID reports whether an id is one that may name files.
func validID(id string) bool {
	for i, c := range []byte(id) {
		switch {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '_':
		case i > 0 && (c == '.' || c == '-'):
		default:
			return false
		}
	}
	return id != "" && len(id) <= maxID
}

// Start begins an act in a session of its own and returns at once. It refuses
// an id that has been used before, whether or not that act has ended: files
// of it are there.
func (r *OS) Start(a Act) (Started, error) {
	if !validID(a.ID) {
		return Started{}, fmt.Errorf("start %s: bad id %q of the act", a.Name, a.ID)
	}
	if err := checkArgv(a.Argv); err != nil {
		return Started{}, fmt.Errorf("start %s: %w", a.Name, err)
	}
	if err := executable(a.Argv[0]); err != nil {
		return Started{}, fmt.Errorf("start %s: %w", a.Name, err)
	}
	if err := os.MkdirAll(r.dir, 0o700); err != nil {
		return Started{}, fmt.Errorf("start %s: folder for its output: %w", a.Name, err)
	}
	stem := filepath.Join(r.dir, a.ID)
	out, err := os.OpenFile(stem+".out", os.O_CREATE|os.O_EXCL|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return Started{}, fmt.Errorf("start %s: file for its output: %w", a.Name, err)
	}
	defer out.Close() // the act has its own descriptor

	cmd := &exec.Cmd{
		Path: shell, Args: append([]string{"sh", "-c", wrapper, "sh", stem}, a.Argv...),
		Env: environment(), Dir: "/", Stdout: out, Stderr: out,
		SysProcAttr: &syscall.SysProcAttr{Setsid: true},
	}
	at := r.clk.Now()
	if err := cmd.Start(); err != nil {
		return Started{}, errors.Join(fmt.Errorf("start %s: %w", a.Name, startError(shell, err)), os.Remove(stem+".out"))
	}
	s := Started{ID: a.ID, PID: cmd.Process.Pid, StartTime: StartTime(cmd.Process.Pid), At: at}
	done := make(chan struct{})
	r.mu.Lock()
	r.acts[a.ID] = done
	r.mu.Unlock()
	r.wg.Add(1)
	go func() {
		defer r.wg.Done()
		_ = cmd.Wait() // only so that no zombie stays; the exit file tells how it ended
		r.mu.Lock()
		defer r.mu.Unlock()
		r.reaped[a.ID] = r.clk.Now()
		close(done)
	}()
	return s, nil
}

// Done returns a channel that is closed when an act that this runner itself
// started is over, so that Poll will tell its end; nil for any other act. It
// spares a caller to look often.
func (r *OS) Done(id string) <-chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.acts[id]
}

// executable reports ErrMissing for what the wrapper could not run.
func executable(path string) error {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return startError(path, err)
	case !info.Mode().IsRegular() || info.Mode().Perm()&0o111 == 0:
		return startError(path, fs.ErrPermission)
	}
	return nil
}

// Poll reports whether an act has ended. It works for acts that an earlier
// process began, and for those of which only the ID is known because that
// process died before it could write down more (PID 0). An act that is gone
// and left no status ends as unknown, lostAfter after it was first found so.
// The error matches fs.ErrNotExist when no act of the ID was ever started.
func (r *OS) Poll(s Started) (Ended, bool, error) {
	if !validID(s.ID) {
		return Ended{}, false, fmt.Errorf("poll act: bad id %q", s.ID)
	}
	stem := filepath.Join(r.dir, s.ID)
	if e, ok, err := r.ended(s, stem); ok || err != nil {
		return e, ok, err
	}
	if _, err := os.Stat(stem + ".out"); err != nil {
		return Ended{}, false, fmt.Errorf("poll act %s: was it ever started? %w", s.ID, err)
	}
	now, pid, limit := r.clk.Now(), s.PID, lostAfter
	if pid == 0 {
		pid = readPID(stem + ".pid")
	}
	if pid == 0 {
		limit = unbornAfter
	}
	lost := r.lost(s.ID, now, limit, pid > 0 && Alive(pid, s.StartTime))
	// It may have ended between the two looks.
	if e, ok, err := r.ended(s, stem); ok || err != nil || !lost {
		return e, ok, err
	}
	e, err := r.end(s, stem)
	e.Unknown, e.Exit = true, -1
	return e, true, err
}

// lost reports whether an act was gone at every look for as long as limit.
func (r *OS) lost(id string, now model.Instant, limit time.Duration, alive bool) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	first, ok := r.gone[id]
	switch {
	case alive:
		delete(r.gone, id)
		return false
	case !ok:
		r.gone[id] = now
		return false
	}
	return now.Sub(first) >= limit
}

// ended reads the exit file. One that is not whole yet counts as absent.
func (r *OS) ended(s Started, stem string) (Ended, bool, error) {
	text, err := os.ReadFile(stem + ".exit")
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Ended{}, false, fmt.Errorf("poll act %s: %w", s.ID, err)
	}
	status, whole := strings.CutSuffix(string(text), "\n")
	if !whole {
		return Ended{}, false, nil
	}
	e, err := r.end(s, stem)
	rc, bad := strconv.Atoi(strings.TrimSpace(status))
	e.Exit, e.Unknown = exitStatus(rc), bad != nil
	if bad != nil {
		e.Exit = -1
	}
	return e, true, err
}

// exitStatus translates $? of a shell: 128 and, in ksh93, 256 are added to the
// number of the signal that ended a command.
func exitStatus(rc int) int {
	if rc > 128 && rc <= 128+64 || rc > 255 {
		return -1
	}
	return rc
}

// end is what is common to all ends.
func (r *OS) end(s Started, stem string) (Ended, error) {
	r.mu.Lock()
	at, ok := r.reaped[s.ID]
	r.mu.Unlock()
	if !ok {
		at = r.clk.Now() // seen to have ended, no later than now
	}
	tail, err := readTail(stem+".out", maxTail)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Ended{}, fmt.Errorf("poll act %s: output: %w", s.ID, err)
	}
	return Ended{ID: s.ID, Took: took(s.At, at), Output: tail}, nil
}

// took is 0 where it cannot be told: the monotonic clock starts anew at a boot.
func took(from, to model.Instant) time.Duration {
	if from.IsZero() || to.Before(from) {
		return 0
	}
	return to.Sub(from)
}

func readTail(path string, n int64) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	from := max(info.Size()-n, 0)
	p, err := io.ReadAll(io.NewSectionReader(f, from, n))
	return strings.ToValidUTF8(string(p), "?"), err
}

// readPID returns the pid that a wrapper wrote, or 0 while it has not.
func readPID(path string) int {
	p, err := os.ReadFile(path)
	text, whole := strings.CutSuffix(string(p), "\n")
	if err != nil || !whole {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return 0
	}
	return n
}
