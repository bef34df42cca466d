package command

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/model"
)

// maxOutput is how much of each of a query's two streams is kept.
const maxOutput = 1 << 20

// maxOutstanding is how many runs of one query may be going on or hanging.
const maxOutstanding = 2

// OS runs programs of the operating system. It implements Runner.
//
// It owns a goroutine for each program that is running; Wait waits for them.
type OS struct {
	clk clock.Clock
	dir string
	wg  sync.WaitGroup

	mu          sync.Mutex // guards what follows
	outstanding map[string]int
	acts        map[string]chan struct{} // act id: closed when its process was seen to end
	reaped      map[string]model.Instant // act id: when that was
	gone        map[string]model.Instant // act id: since when no look has found a process of it
}

// NewRunner returns a runner that keeps the output and exit files of acts in
// dir, which it makes (mode 0700) when the first act starts.
func NewRunner(clk clock.Clock, dir string) *OS {
	return &OS{
		clk: clk, dir: dir, outstanding: make(map[string]int), acts: make(map[string]chan struct{}),
		reaped: make(map[string]model.Instant), gone: make(map[string]model.Instant),
	}
}

// Wait waits until no program that this runner started is left, or until ctx
// ends. Queries should have been cancelled by then. Acts may go on for long
// and outlive this program: whoever ends should give ctx a short limit.
func (r *OS) Wait(ctx context.Context) error {
	idle := make(chan struct{})
	go func() {
		r.wg.Wait()
		close(idle)
	}()
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for running commands: %w", ctx.Err())
	}
}

// environment is the whole environment of every program that is run: messages
// of the product are translated and times are local without it.
func environment() []string {
	return []string{"LC_ALL=C", "TZ=UTC0", "PATH=/usr/bin:/usr/sbin:/bin"}
}

// checkArgv refuses what is no fixed argv of an absolute path.
func checkArgv(argv []string) error {
	if len(argv) == 0 {
		return errors.New("no command given")
	}
	if !filepath.IsAbs(argv[0]) {
		return fmt.Errorf("command %q: not an absolute path; name it by one in cluster.commands", argv[0])
	}
	for _, a := range argv {
		if strings.ContainsRune(a, 0) {
			return fmt.Errorf("command %q: an argument holds a zero byte", argv[0])
		}
	}
	return nil
}

// startError turns the failure to start a program into ErrMissing where it is
// that. Its text is never looked at, and the file is asked for as well: on AIX
// a missing file has been seen to end in "restart the system call"
// (golang/go#76965). A program that may not be executed matches
// fs.ErrPermission besides.
func startError(path string, err error) error {
	_, stat := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrPermission), errors.Is(stat, fs.ErrPermission):
		return fmt.Errorf("%s: %w: %w", path, ErrMissing, fs.ErrPermission)
	case errors.Is(err, fs.ErrNotExist), errors.Is(stat, fs.ErrNotExist):
		return fmt.Errorf("%s: %w", path, ErrMissing)
	default:
		return fmt.Errorf("start %s: %w", path, err)
	}
}

// capped keeps the first max bytes of what is written to it and counts the rest as dropped.
type capped struct {
	max     int
	buf     []byte
	dropped bool
}

func (c *capped) Write(p []byte) (int, error) {
	room := c.max - len(c.buf)
	if len(p) > room {
		c.dropped = true
		c.buf = append(c.buf, p[:room]...)
	} else {
		c.buf = append(c.buf, p...)
	}
	return len(p), nil
}
