package powerha

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/command"
	"powerha_lpm_exporter/internal/model"
)

// defaultTimeout is the deadline of a query when Options give none.
const defaultTimeout = 10 * time.Second

// maxStdout is more than any of the commands prints on the largest cluster: 16 nodes and 64 groups make 60 KiB.
const maxStdout = 4 << 20

// Options say how the commands of the product are reached.
type Options struct {
	// Argv maps a tool to its absolute path and fixed leading arguments. Tools that it lacks have the product's own.
	Argv    map[string][]string
	Runner  command.Runner
	Clock   clock.Clock
	Timeout time.Duration // of one query; 10 s when zero
	// ErrlogResources asks the error log for all entries of these resources, where it is not AIX's own labels of a migration
	// that are looked for; empty asks for those.
	ErrlogResources []string
}

// Client asks the node by the commands of PowerHA, CAA, RSCT and AIX, and
// builds the commands that change the cluster. It holds no state and may be
// used by several goroutines.
type Client struct {
	argv    map[string][]string
	runner  command.Runner
	clock   clock.Clock
	timeout time.Duration
	errlog  []string // resources
}

// New returns a client.
func New(o Options) *Client {
	argv := DefaultArgv()
	for tool, a := range o.Argv {
		if len(a) > 0 {
			argv[tool] = slices.Clone(a)
		}
	}
	return &Client{argv: argv, runner: o.Runner, clock: o.Clock, timeout: cmp.Or(o.Timeout, defaultTimeout), errlog: slices.Clone(o.ErrlogResources)}
}

// DefaultArgv returns where the products install their tools.
func DefaultArgv() map[string][]string {
	const utilities = "/usr/es/sbin/cluster/utilities/"
	return map[string][]string{
		"clmgr":     {utilities + "clmgr"},
		"clRGinfo":  {utilities + "clRGinfo"},
		"cllsgrp":   {utilities + "cllsgrp"},
		"clodmget":  {utilities + "clodmget"},
		"clshowsrv": {utilities + "clshowsrv"},
		"cltopinfo": {utilities + "cltopinfo"},
		"listdms":   {"/usr/sbin/rsct/bin/dms/listdms"},
		"lparstat":  {"/usr/bin/lparstat"},
		"lscluster": {"/usr/sbin/lscluster"},
		"clctrl":    {"/usr/sbin/clctrl"},
		"lssrc":     {"/usr/bin/lssrc"},
		"lsitab":    {"/usr/sbin/lsitab"},
		"lsattr":    {"/usr/sbin/lsattr"},
		"errpt":     {"/usr/bin/errpt"},
		"errlogger": {"/usr/bin/errlogger"},
		"drmgr":     {"/usr/sbin/drmgr"},
		"ps":        {"/usr/bin/ps"},
	}
}

// command returns the whole argv of a tool with arguments.
func (c *Client) command(tool string, args ...string) []string {
	return append(slices.Clone(c.argv[tool]), args...)
}

// Read asks one question by one command. Whatever fails is told by the
// reading, whose At is before the command's start.
func (c *Client) Read(ctx context.Context, s model.Source) model.Reading {
	at := c.clock.Now()
	out, err := c.Ask(ctx, s)
	took := c.clock.Now().Sub(at)
	var r model.Reading
	if err != nil {
		r = c.failed(s, err)
	} else {
		r = Interpret(s, out)
	}
	r.At, r.Took = at, took
	return r
}

// Ask runs the command of a source and returns what it left.
func (c *Client) Ask(ctx context.Context, s model.Source) (command.Output, error) {
	q, ok := questionOf(s)
	if !ok {
		return command.Output{}, fmt.Errorf("source %q is not known", s)
	}
	if s == model.SourceErrlog && len(c.errlog) > 0 {
		q.args = []string{"-a", "-N", strings.Join(c.errlog, ",")}
	}
	return c.runner.Query(ctx, command.Query{Name: q.String(), Argv: c.command(q.tool, q.args...), Timeout: c.timeout})
}

// Interpret makes a reading of what the command of a source left. It is pure.
func Interpret(s model.Source, out command.Output) model.Reading {
	r := model.Reading{Source: s}
	q, ok := questionOf(s)
	switch {
	case !ok:
		r.Err = fmt.Sprintf("source %q is not known", s)
	case out.Truncated || len(out.Stdout) > maxStdout:
		r.Err = q.text("printed more than is taken in; it was left out as a whole")
	case out.Exit != 0 && (out.Exit != q.emptyOnExit || !silent(out)):
		r.Err = q.text(exitText(out))
	case firstLine(out.Stdout) == "" && firstLine(out.Stderr) != "":
		// Silence may mean that there is nothing; a complaint means that nothing was read.
		r.Err = q.text(parseText(out, errEmpty))
	default:
		if err := q.interpret(&r, out.Stdout); err != nil {
			r.Err = q.text(parseText(out, err))
		}
	}
	return r
}

// interpret fills the reading from what the command printed.
func (q question) interpret(r *model.Reading, stdout []byte) error {
	in := newInput(r, stdout)
	defer in.finish()
	if !q.everyNode {
		if err := in.oneNode(); err != nil {
			return err
		}
	}
	err := q.parse(r, in)
	if err != nil {
		in.rejectAll(err)
	}
	return err
}

// failed tells why the command of a source gave no output.
func (c *Client) failed(s model.Source, err error) model.Reading {
	r := model.Reading{Source: s}
	if q, ok := questionOf(s); ok {
		c.fail(&r, q, err)
	} else {
		r.Err = err.Error()
	}
	return r
}

// fail tells why a command gave no output.
func (c *Client) fail(r *model.Reading, q question, err error) {
	r.TimedOut = errors.Is(err, command.ErrTimeout)
	r.Missing = errors.Is(err, command.ErrMissing)
	path := c.argv[q.tool][0]
	switch {
	case r.Missing && errors.Is(err, fs.ErrPermission):
		r.Err = fmt.Sprintf("%s: %s may not be executed by this user; give the right, or set cluster.commands.%s to a sudo command",
			q, path, q.tool)
	case r.Missing:
		r.Err = fmt.Sprintf("%s: there is no %s; install what provides it, or set cluster.commands.%s", q, path, q.tool)
	case r.TimedOut:
		r.Err = q.text(fmt.Sprintf("no answer within %s", c.timeout))
	case errors.Is(err, command.ErrBusy):
		r.Err = q.text("two earlier runs of it still hang")
	default:
		r.Err = fmt.Sprintf("%s: %v", q, err)
	}
}

// silent reports whether a command said nothing at all.
func silent(out command.Output) bool {
	return firstLine(out.Stdout) == "" && firstLine(out.Stderr) == ""
}

func exitText(out command.Output) string {
	how := fmt.Sprintf("exit %d", out.Exit)
	if out.Exit < 0 {
		how = "ended by a signal"
	}
	for _, stream := range [][]byte{out.Stderr, out.Stdout} {
		if said := firstLine(stream); said != "" {
			return how + ": " + said
		}
	}
	return how + " without a word"
}

// parseText adds what the command said of itself on the error stream.
func parseText(out command.Output, err error) string {
	if said := firstLine(out.Stderr); said != "" {
		return fmt.Sprintf("%v; it said: %s", err, said)
	}
	return err.Error()
}

// String names the question as it would be typed, without the path.
func (q question) String() string { return strings.Join(append([]string{q.tool}, q.args...), " ") }

// text puts a failure between what was asked and what to do next.
func (q question) text(what string) string { return fmt.Sprintf("%s: %s; %s", q, what, q.hint) }
