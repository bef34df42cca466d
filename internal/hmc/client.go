package hmc

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/command"
	"powerha_lpm_exporter/internal/model"
)

// defaultTimeout is the deadline of one command where Options give none; an HMC takes one to ten seconds.
const defaultTimeout = 20 * time.Second

// Options say how the consoles are reached.
type Options struct {
	// Commands maps the name of each HMC to what goes before its command: an absolute path and its arguments, as of ssh.
	Commands map[string][]string
	// Systems are the managed systems on which the partition may be; none asks each HMC for all of its own.
	Systems   []string
	Partition string // as the HMC lists it
	Timeout   time.Duration
	Runner    command.Runner
	Clock     clock.Clock
}

// Client looks at one partition. It holds no state and may be used by several goroutines.
type Client struct {
	o    Options
	hmcs []string // sorted
}

// New returns a client. It refuses names that could not stand in a command line of an HMC as they are.
func New(o Options) (*Client, error) {
	if len(o.Commands) == 0 {
		return nil, errors.New("hmc: no HMC is configured; name one in hmc.commands")
	}
	for _, n := range append([]string{o.Partition}, o.Systems...) {
		if !Name(n) {
			return nil, fmt.Errorf("hmc: %q cannot be the name of a partition or a managed system here: letters, digits and _-.+:@ alone", n)
		}
	}
	o.Timeout = cmp.Or(o.Timeout, defaultTimeout)
	c := &Client{o: o}
	for name, argv := range o.Commands {
		if len(argv) == 0 {
			return nil, fmt.Errorf("hmc: the command of %s is empty", name)
		}
		c.hmcs = append(c.hmcs, name)
	}
	slices.Sort(c.hmcs)
	return c, nil
}

// Name reports whether s may be the name of a partition or of a managed system: it stands unquoted in a command line.
func Name(s string) bool { return isName(s) }

// Look asks until every managed system has been answered for, the next HMC
// where one fails. It takes as long as the commands take, one after the other.
func (c *Client) Look(ctx context.Context) model.HMCView {
	l := look{Client: c, view: model.HMCView{At: c.o.Clock.Now(), Partition: c.o.Partition}, answered: map[string]bool{}}
	for _, name := range c.hmcs {
		l.hmc(ctx, name)
	}
	l.view.Err = l.verdict()
	return l.view
}

// look is one look.
type look struct {
	*Client
	view     model.HMCView
	answered map[string]bool // by managed system
	known    []string        // managed systems that an HMC told of
	unlisted []failure       // HMCs that did not tell theirs
	failures []failure
}

// failure is what could not be asked; system is "" for all that an HMC manages.
type failure struct {
	hmc, system string
	err         error
}

func (l *look) hmc(ctx context.Context, name string) {
	systems := l.o.Systems
	if len(systems) == 0 {
		var err error
		if systems, err = l.systems(ctx, name); err != nil {
			l.unlisted = append(l.unlisted, failure{hmc: name, err: fmt.Errorf("list its managed systems: %w", err)})
			return
		}
		l.known = append(l.known, systems...)
	}
	for _, s := range systems {
		if l.answered[s] {
			continue
		}
		rows, err := l.system(ctx, name, s)
		switch {
		case err == nil:
			l.answered[s] = true
			l.view.Rows = append(l.view.Rows, rows...)
		case ctx.Err() != nil || silent(err):
			l.failures = append(l.failures, failure{hmc: name, err: err})
			return
		default:
			l.failures = append(l.failures, failure{name, s, err})
		}
	}
}

// silent: an HMC that fails so will not answer for its other systems either.
func silent(err error) bool {
	return slices.ContainsFunc([]error{command.ErrTimeout, command.ErrBusy, command.ErrMissing, errSSH}, func(e error) bool {
		return errors.Is(err, e)
	})
}

// systems asks an HMC which systems it manages.
func (l *look) systems(ctx context.Context, name string) ([]string, error) {
	out, err := l.ask(ctx, name, "lssyscfg", "-r", "sys", "-F", "name,state")
	if err != nil {
		return nil, err
	}
	names, a, err := Systems(out)
	return names, cmp.Or(err, incomplete(a))
}

// system asks one HMC for the partition on one managed system.
func (l *look) system(ctx context.Context, name, system string) ([]model.HMCState, error) {
	filter := "lpar_names=" + l.o.Partition
	out, err := l.ask(ctx, name, "lssyscfg", "-r", "lpar", "-m", system, "--filter", filter, "-F", "name,state")
	if err != nil {
		return nil, err
	}
	rows, a, err := States(out)
	if err = cmp.Or(err, incomplete(a)); err != nil {
		return nil, fmt.Errorf("lssyscfg: %w", err)
	}
	rows = l.own(rows)
	if len(rows) == 0 {
		return nil, nil
	}
	if out, err = l.ask(ctx, name, "lslparmigr", "-r", "lpar", "-m", system, "--filter", filter, "-F", "name,migration_state"); err != nil {
		return nil, err
	}
	moves, a, err := Migrations(out)
	if err = cmp.Or(err, incomplete(a)); err != nil {
		return nil, fmt.Errorf("lslparmigr: %w", err)
	}
	moves = l.own(moves)
	for i := range rows {
		r := &rows[i]
		r.HMC, r.System, r.Migration = name, system, model.HMCUnknown
		// A partition that is listed twice is not known to be the one or the other.
		if len(moves) == 1 && len(rows) == 1 {
			r.Migration, r.Raw = moves[0].Migration, moves[0].Raw
		}
	}
	return rows, nil
}

// own keeps the rows of the partition: a filter may have been ignored.
func (l *look) own(rows []model.HMCState) []model.HMCState {
	return slices.DeleteFunc(rows, func(r model.HMCState) bool { return r.System != l.o.Partition })
}

// incomplete: lines that were not understood may have been about this partition.
func incomplete(a Answer) error {
	if a.Unparsed == 0 {
		return nil
	}
	return fmt.Errorf("%d lines are not understood, the first: %q (%s)", a.Unparsed, a.Rejected[0].Text, a.Rejected[0].Why)
}

func (l *look) ask(ctx context.Context, name string, args ...string) (command.Output, error) {
	argv := append(slices.Clone(l.o.Commands[name]), args...)
	return l.o.Runner.Query(ctx, command.Query{Name: name + ": " + strings.Join(args, " "), Argv: argv, Timeout: l.o.Timeout})
}

// verdict says what could not be asked; "" when the view is whole. An HMC that fails is no gap where another has
// answered for the same managed systems: those are known when they are configured.
func (l *look) verdict() string {
	var gaps []string
	for _, f := range l.unlisted {
		gaps = append(gaps, f.String())
	}
	wanted := slices.Concat(l.o.Systems, l.known)
	slices.Sort(wanted)
	for _, s := range slices.Compact(wanted) {
		if !l.answered[s] {
			gaps = append(gaps, "managed system "+s+": "+l.why(s))
		}
	}
	if len(gaps) == 0 {
		return ""
	}
	return strings.Join(gaps, "; ") + ": see whether its command in hmc.commands works by hand as this user"
}

// why tells how each HMC failed for a managed system.
func (l *look) why(system string) string {
	var all []string
	for _, f := range l.failures {
		if f.system == system || f.system == "" {
			all = append(all, f.String())
		}
	}
	if len(all) == 0 {
		return "no HMC was left to ask"
	}
	return strings.Join(all, ", ")
}

func (f failure) String() string { return fmt.Sprintf("HMC %s: %v", f.hmc, f.err) }
