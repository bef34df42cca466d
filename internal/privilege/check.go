package privilege

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"powerha_lpm_exporter/internal/command"
)

// State is whether a rule is in force.
type State string

// The states.
const (
	Allowed State = "allowed"
	Lacking State = "missing"
	Unknown State = "unknown" // sudo could not be asked
)

// Checked is a rule and whether it is in force.
type Checked struct {
	Rule
	State State  `json:"state"`
	Text  string `json:"text,omitempty"`
}

// Check asks sudo whether the commands of the rules may be run, and runs none of them. user is asked for by root alone;
// "" is who asks.
func Check(ctx context.Context, runner command.Runner, timeout time.Duration, user string, rules []Rule) []Checked {
	out := make([]Checked, 0, len(rules))
	for _, r := range rules {
		if r.Open {
			continue // sudo is asked about whole commands
		}
		out = append(out, check(ctx, runner, timeout, user, r))
	}
	return out
}

func check(ctx context.Context, runner command.Runner, timeout time.Duration, user string, r Rule) Checked {
	argv := []string{r.Sudo, "-n", "-l"}
	if user != "" {
		argv = append(argv, "-U", user)
	}
	if r.As != "root" {
		argv = append(argv, "-u", r.As)
	}
	argv = append(argv, r.Command...)
	got := Checked{Rule: r}
	q, err := runner.Query(ctx, command.Query{Name: "sudo -l", Argv: argv, Timeout: timeout})
	switch {
	case errors.Is(err, command.ErrMissing):
		got.State, got.Text = Unknown, fmt.Sprintf("there is no %s; install sudo, or name another in cluster.sudo and cluster.commands", r.Sudo)
	case err != nil:
		got.State, got.Text = Unknown, err.Error()
	case q.Exit == 0:
		got.State = Allowed
	default:
		got.State, got.Text = Lacking, "no rule allows "+strings.Join(r.Command, " ")
	}
	return got
}
