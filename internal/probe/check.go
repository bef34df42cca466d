package probe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"path"
	"strings"

	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/command"
	"powerha_lpm_exporter/internal/model"
)

// maxBody is how much of an answer is read; what follows does not matter.
const maxBody = 64 << 10

// Checker runs probes. Its fields are not changed while it is in use.
type Checker struct {
	Clock  clock.Clock
	Runner command.Runner
	// Processes lists what runs on this node (model.SourceProcesses).
	Processes func(ctx context.Context) model.Reading
	// Owners lists the same with users and names (model.SourceOwners).
	Owners func(ctx context.Context) model.Reading
}

// Check runs the probe to its end or its deadline.
func (c Checker) Check(ctx context.Context, r Run) Result {
	if r.Monitor != nil && r.Monitor.Type == kindCustom {
		return c.checkCustom(ctx, r)
	}
	ctx, cancel := c.Clock.WithTimeout(ctx, r.Spec.Timeout)
	defer cancel()
	at := c.Clock.Now()
	err := c.check(ctx, r)
	res := Result{Run: r, At: at, Took: c.Clock.Now().Sub(at)}
	if err != nil {
		if ctx.Err() != nil && !errors.Is(err, command.ErrTimeout) {
			err = fmt.Errorf("no answer within %s: %w", r.Spec.Timeout, err)
		}
		res.Err = fmt.Sprintf("%s %s: %v", r.Spec.Type, r.Spec.what(), err)
	}
	return res
}

func (s Spec) what() string {
	switch s.Type {
	case TypeExec:
		return strings.Join(s.Command, " ")
	case TypeMonitor:
		return s.Monitor
	}
	return s.Target
}

func (c Checker) check(ctx context.Context, r Run) error {
	switch s := r.Spec; s.Type {
	case TypeTCP:
		return checkTCP(ctx, s.Target)
	case TypeHTTP:
		return checkHTTP(ctx, s.Target)
	case TypeProcess:
		return c.checkProcess(ctx, s.Target)
	case TypeExec:
		return c.checkExec(ctx, s)
	case TypeMonitor:
		return c.checkProcesses(ctx, r.Monitor)
	default:
		return fmt.Errorf("unknown type of probe")
	}
}

func checkTCP(ctx context.Context, target string) error {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", target)
	if err != nil {
		return err
	}
	return conn.Close()
}

// checkHTTP: an answer of 2xx or 3xx whose body comes to its end in time is healthy. Redirects are not followed, and
// no proxy is asked.
func checkHTTP(ctx context.Context, url string) error {
	transport := &http.Transport{DisableKeepAlives: true, MaxResponseHeaderBytes: 16 << 10}
	defer transport.CloseIdleConnections()
	client := &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return err
	}
	req.Header.Set("User-Agent", "powerha_lpm_exporter")
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode < 200 || resp.StatusCode > 399 {
		return fmt.Errorf("status %s", resp.Status)
	}
	_, err = io.Copy(io.Discard, io.LimitReader(resp.Body, maxBody))
	return err
}

// checkProcess: some process runs whose command line begins with the target, or whose program has that name.
func (c Checker) checkProcess(ctx context.Context, target string) error {
	r := c.Processes(ctx)
	if r.Err != "" {
		return errors.New(r.Err)
	}
	for _, p := range r.Processes {
		if matches(p.Args, target) {
			return nil
		}
	}
	return fmt.Errorf("no such process among %d", len(r.Processes))
}

func matches(args, target string) bool {
	if rest, ok := strings.CutPrefix(args, target); ok && (rest == "" || rest[0] == ' ') {
		return true
	}
	program, _, _ := strings.Cut(args, " ")
	return path.Base(program) == target
}

func (c Checker) checkExec(ctx context.Context, s Spec) error {
	out, err := c.Runner.Query(ctx, command.Query{Name: "probe " + s.ID(), Argv: s.Command, Timeout: s.Timeout})
	if err != nil {
		return err
	}
	if out.Exit != 0 {
		return fmt.Errorf("exit %d: %s", out.Exit, firstLine(out.Stderr, out.Stdout))
	}
	return nil
}

func firstLine(texts ...[]byte) string {
	for _, t := range texts {
		line, _, _ := strings.Cut(strings.TrimSpace(string(t)), "\n")
		if line != "" {
			return line[:min(len(line), 200)]
		}
	}
	return "(no output)"
}
