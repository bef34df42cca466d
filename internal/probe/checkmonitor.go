package probe

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"powerha_lpm_exporter/internal/command"
	"powerha_lpm_exporter/internal/model"
)

// checkCustom runs the script of a custom monitor: exit 0 within its interval is healthy. One that hangs gets the hung
// signal, as from PowerHA. The runner keeps the deadline, and never lets two runs of one monitor meet.
func (c Checker) checkCustom(ctx context.Context, r Run) Result {
	at := c.Clock.Now()
	err := c.runCustom(ctx, r)
	res := Result{Run: r, At: at, Took: c.Clock.Now().Sub(at)}
	if err != nil {
		res.Err = fmt.Sprintf("%s %s: %v", r.Spec.Type, r.Spec.Monitor, err)
	}
	return res
}

func (c Checker) runCustom(ctx context.Context, r Run) error {
	argv, err := MonitorArgv(*r.Monitor)
	if err != nil {
		return err
	}
	out, err := c.Runner.Query(ctx, command.Query{
		Name: "monitor " + r.Spec.Monitor, Argv: append(slices.Clone(r.Spec.Wrapper), argv...),
		Timeout: r.Spec.Timeout, HungSignal: signalOf(*r.Monitor), Relayed: len(r.Spec.Wrapper) > 0, Alone: true,
	})
	switch {
	case err != nil:
		return err
	case out.Exit != 0:
		return fmt.Errorf("exit %d: %s", out.Exit, firstLine(out.Stderr, out.Stdout))
	}
	return nil
}

// checkProcesses asks what a process monitor does: of each process, as many as its instance count run, by its owner.
// Where several are named the count is 1.
func (c Checker) checkProcesses(ctx context.Context, m *model.Monitor) error {
	r := c.Owners(ctx)
	if r.Err != "" {
		return errors.New(r.Err)
	}
	want := max(1, m.Instances)
	if len(m.Processes) > 1 {
		want = 1
	}
	for _, name := range m.Processes {
		n := 0
		for _, p := range r.Processes {
			if runsAs(p.Name, name) && ownedBy(p.User, m.Owner) {
				n++
			}
		}
		if n < want {
			by := ""
			if m.Owner != "" {
				by = " of " + m.Owner
			}
			return fmt.Errorf("%d of %d processes %s%s run", n, want, name, by)
		}
	}
	return nil
}

// runsAs compares the name of a program as ps has it with the one in a monitor. The system keeps 15 (Linux) or 16 (AIX)
// characters of it.
func runsAs(got, want string) bool {
	got, want = path.Base(got), path.Base(want)
	return got == want || (len(got) == 15 || len(got) == 16) && strings.HasPrefix(want, got)
}

// ownedBy compares a user. Names of more than eight characters are cut by ps: at the eighth (AIX), or with a "+" for the
// rest (Linux).
func ownedBy(got, want string) bool {
	if want == "" || got == want {
		return true
	}
	if cut, ok := strings.CutSuffix(got, "+"); ok && len(cut) == 7 {
		return strings.HasPrefix(want, cut)
	}
	return len(got) == 8 && strings.HasPrefix(want, got)
}
