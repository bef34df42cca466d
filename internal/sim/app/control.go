package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"time"

	"powerha_lpm_exporter/internal/clock"
)

const (
	startLimit = 10 * time.Second
	stopLimit  = 5 * time.Second
	askLimit   = 2 * time.Second
	pause      = 10 * time.Millisecond
)

// Start starts the application on the node unless it runs: a start script must bear to be called again, because
// PowerHA calls it again at every resume (Redbook SG24-8278, 8.3.5). argv is the command that serves. It returns when
// the application answers.
func Start(ctx context.Context, o Options, argv []string) (string, error) {
	if in, ok := o.running(); ok {
		if _, err := o.ask(ctx); err == nil {
			return fmt.Sprintf("%s runs on %s already: %s", o.Group, o.Node, in.ID), nil
		}
		if err := end(ctx, o.Clock, in.Pid, syscall.SIGKILL); err != nil { // hung
			return "", err
		}
	}
	log, err := os.OpenFile(o.logFile(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return "", fmt.Errorf("start application of %s on %s: %w", o.Group, o.Node, err)
	}
	defer log.Close()
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Stdout, cmd.Stderr, cmd.Dir = log, log, "/"
	cmd.Env = []string{"LC_ALL=C", "PATH=/usr/bin:/usr/sbin:/bin", "GOMAXPROCS=1"} // it sleeps nearly always
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return "", fmt.Errorf("start application of %s on %s: %w", o.Group, o.Node, err)
	}
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }() // ends with the server, or with this process
	deadline := o.Clock.Now().Mono + startLimit
	for o.Clock.Now().Mono < deadline {
		select {
		case err := <-exited:
			return "", fmt.Errorf("start application of %s on %s: it ended at once (%w): see %s", o.Group, o.Node, err, o.logFile())
		default:
		}
		if in, ok := o.running(); ok && in.Pid == cmd.Process.Pid {
			if _, err := o.ask(ctx); err == nil {
				return fmt.Sprintf("%s started on %s: %s", o.Group, o.Node, in.ID), nil
			}
		}
		if err := clock.Sleep(ctx, o.Clock, pause); err != nil {
			return "", err
		}
	}
	return "", fmt.Errorf("start application of %s on %s: no answer from %s within %v: see %s", o.Group, o.Node, o.HealthURL(), startLimit, o.logFile())
}

// Stop ends the application on the node; one that does not run is stopped.
func Stop(ctx context.Context, o Options) (string, error) {
	in, ok := o.running()
	if !ok {
		return fmt.Sprintf("%s does not run on %s", o.Group, o.Node), nil
	}
	if err := end(ctx, o.Clock, in.Pid, syscall.SIGTERM); err != nil {
		if err := end(ctx, o.Clock, in.Pid, syscall.SIGKILL); err != nil {
			return "", fmt.Errorf("stop application of %s on %s: %w", o.Group, o.Node, err)
		}
	}
	return fmt.Sprintf("%s stopped on %s", o.Group, o.Node), nil
}

// Monitor is PowerHA's custom monitor of the application: nil when it is healthy.
func Monitor(ctx context.Context, o Options) error {
	status, err := o.ask(ctx)
	if err != nil {
		return fmt.Errorf("monitor application of %s on %s: %w", o.Group, o.Node, err)
	}
	if status != http.StatusOK {
		return fmt.Errorf("monitor application of %s on %s: %s answers %d", o.Group, o.Node, o.HealthURL(), status)
	}
	return nil
}

// ask reads the status of the health page: one short request, because PowerHA runs monitors all day and the HTTP client
// of Go costs more to begin with than to use.
func (o Options) ask(ctx context.Context) (int, error) {
	ctx, cancel := o.Clock.WithTimeout(ctx, askLimit)
	defer cancel()
	var dial net.Dialer
	conn, err := dial.DialContext(ctx, "tcp", o.address())
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	status, err := askOn(conn, o.address())
	if err != nil && ctx.Err() != nil {
		err = fmt.Errorf("no answer from %s within %v: %w", o.HealthURL(), askLimit, ctx.Err())
	}
	return status, err
}

// askOn speaks HTTP/1.0 (RFC 1945, 6.1), in which the end of the answer is the end of the connection.
func askOn(conn io.ReadWriter, host string) (int, error) {
	if _, err := fmt.Fprintf(conn, "GET /health HTTP/1.0\r\nHost: %s\r\n\r\n", host); err != nil {
		return 0, err
	}
	answer, err := io.ReadAll(io.LimitReader(conn, 1<<16))
	if err != nil {
		return 0, err
	}
	line, _, _ := strings.Cut(string(answer), "\r\n")
	version, rest, _ := strings.Cut(line, " ")
	code, _, _ := strings.Cut(rest, " ")
	status, err := strconv.Atoi(code)
	if err != nil || !strings.HasPrefix(version, "HTTP/1.") {
		return 0, fmt.Errorf("the answer of %s begins with %q: no HTTP", host, line)
	}
	return status, nil
}

// end signals a process and waits until it is gone.
func end(ctx context.Context, c clock.Clock, pid int, sig syscall.Signal) error {
	if err := syscall.Kill(pid, sig); err != nil {
		if errors.Is(err, syscall.ESRCH) {
			return nil
		}
		return fmt.Errorf("signal process %d: %w", pid, err)
	}
	deadline := c.Now().Mono + stopLimit
	for {
		if _, ok := birth(pid); !ok {
			return nil
		}
		if c.Now().Mono > deadline {
			return fmt.Errorf("process %d does not end within %v after %v", pid, stopLimit, sig)
		}
		if err := clock.Sleep(ctx, c, pause); err != nil {
			return err
		}
	}
}
