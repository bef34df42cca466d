// Package selftest judges how far this program understands the cluster that it
// is on: every read command is asked once, and a table says what version it is
// of, how much of it was understood, what was concluded and whether a second
// witness agrees. It reads and changes nothing.
//
// Judge is pure, so that what one cluster printed is judged again anywhere.
package selftest

import (
	"context"
	"errors"
	"slices"

	"powerha_lpm_exporter/internal/command"
	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/powerha"
)

// Asked is one source and what its command left.
type Asked struct {
	Source  model.Source
	Command string // as it would be typed, without its path
	Argv    []string
	// Ran: the command ended by itself, and Output is what it left. Otherwise the reading says why there is none.
	Ran     bool
	Output  command.Output
	Reading model.Reading
}

// Options say what is asked, and how.
type Options struct {
	Client powerha.Options // its runner is asked, and nothing but queries are handed to it
	Tell   func(Asked)     // of each answer when it is there; may be nil
}

// Sources lists what is asked: first what decisions hang on.
func Sources() []model.Source {
	deciding, informing := powerha.Sources()
	return slices.Concat(deciding, informing)
}

// Ask asks every source once, one after another, so that a busy node is not made busier. What it asked before ctx ends it
// returns.
func Ask(ctx context.Context, o Options, sources []model.Source) []Asked {
	rec := &recorder{runner: o.Client.Runner}
	o.Client.Runner = rec
	client := powerha.New(o.Client)
	var out []Asked
	for _, s := range sources {
		if ctx.Err() != nil {
			break
		}
		*rec = recorder{runner: rec.runner}
		r := client.Read(ctx, s)
		a := Asked{
			Source: s, Command: powerha.Command(s), Argv: rec.query.Argv, Ran: rec.asked && rec.err == nil, Output: rec.output, Reading: r,
		}
		out = append(out, a)
		if o.Tell != nil {
			o.Tell(a)
		}
	}
	return out
}

// recorder keeps what the last query left. It belongs to one goroutine.
type recorder struct {
	runner command.Runner
	asked  bool
	query  command.Query
	output command.Output
	err    error
}

func (r *recorder) Query(ctx context.Context, q command.Query) (command.Output, error) {
	r.asked, r.query = true, q
	r.output, r.err = r.runner.Query(ctx, q)
	return r.output, r.err
}

// errReadOnly: nothing here changes the cluster.
var errReadOnly = errors.New("the self-test only reads")

func (*recorder) Start(command.Act) (command.Started, error) {
	return command.Started{}, errReadOnly
}

func (*recorder) Poll(command.Started) (command.Ended, bool, error) {
	return command.Ended{}, false, errReadOnly
}

// Replayed makes the reading of an output that was kept. At is when it was asked.
func Replayed(s model.Source, out command.Output, at model.Instant) Asked {
	r := powerha.Interpret(s, out)
	r.At, r.Took = at, out.Took
	return Asked{Source: s, Command: powerha.Command(s), Ran: true, Output: out, Reading: r}
}

// Node is the name of this node: the one given, else the one that CAA calls local.
func Node(given string, asked []Asked) string {
	if given != "" {
		return given
	}
	for i := range asked {
		for _, m := range asked[i].Reading.Members {
			if m.Local {
				return m.Name
			}
		}
	}
	return ""
}
