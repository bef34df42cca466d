package hmc

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/command"
	"powerha_lpm_exporter/internal/model"
)

var start = model.Instant{Wall: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC), Mono: time.Hour}

// consoles answer by "HMC: command", cut to its resource and managed system.
type consoles struct {
	answers map[string]any // string: printed; int: exit status; error
	asked   []string
	acts    int
}

func (c *consoles) Query(_ context.Context, q command.Query) (command.Output, error) {
	hmc, args := q.Argv[1], q.Argv[2:]
	if q.Argv[0] != "/usr/bin/ssh" || q.Timeout <= 0 {
		return command.Output{}, fmt.Errorf("query %+v", q)
	}
	key := hmc + " " + args[0]
	for i, a := range args {
		if a == "-m" {
			key += " " + args[i+1]
		}
	}
	c.asked = append(c.asked, key)
	switch a := c.answers[key].(type) {
	case string:
		return command.Output{Stdout: []byte(a)}, nil
	case int:
		return command.Output{Exit: a, Stderr: []byte("it failed\n")}, nil
	case error:
		return command.Output{}, a
	}
	return command.Output{Exit: 1, Stdout: []byte("HSCL8012 The partition named lpar1 was not found.\n")}, nil
}

func (c *consoles) Start(command.Act) (command.Started, error) {
	c.acts++
	return command.Started{}, errors.New("never")
}

func (c *consoles) Poll(command.Started) (command.Ended, bool, error) {
	return command.Ended{}, false, errors.New("never")
}

func look1(t *testing.T, systems []string, answers map[string]any) (model.HMCView, *consoles) {
	t.Helper()
	r := &consoles{answers: answers}
	c, err := New(Options{
		Commands: map[string][]string{"hmc2": {"/usr/bin/ssh", "h2"}, "hmc1": {"/usr/bin/ssh", "h1"}},
		Systems:  systems, Partition: "lpar1", Runner: r, Clock: clock.NewFake(start),
	})
	if err != nil {
		t.Fatal(err)
	}
	v := c.Look(t.Context())
	if v.At != start || v.Partition != "lpar1" || r.acts > 0 {
		t.Errorf("view %+v, %d acts", v, r.acts)
	}
	return v, r
}

func rows(v model.HMCView) string {
	var out []string
	for _, r := range v.Rows {
		out = append(out, fmt.Sprintf("%s/%s %s %s", r.HMC, r.System, r.State, r.Migration))
	}
	return strings.Join(out, ", ")
}

func TestLook(t *testing.T) {
	const calm, moving = "lpar1,Not Migrating\n", "lpar1,Migration In Progress\n"
	for name, tc := range map[string]struct {
		systems []string
		answers map[string]any
		rows    string
		err     string // part of it; "" for none
		asked   string // the whole, where it matters
	}{
		"one of two systems": {
			[]string{"p9a", "p9b"},
			map[string]any{"h1 lssyscfg p9a": "lpar1,Running\n", "h1 lslparmigr p9a": calm},
			"hmc1/p9a running not_migrating", "", "h1 lssyscfg p9a,h1 lslparmigr p9a,h1 lssyscfg p9b",
		},
		"on both while it moves": {
			[]string{"p9a", "p9b"},
			map[string]any{
				"h1 lssyscfg p9a": "lpar1,Migrating - Running\n", "h1 lslparmigr p9a": moving,
				"h1 lssyscfg p9b": "lpar1,Migrating - Not Activated\n", "h1 lslparmigr p9b": moving,
			},
			"hmc1/p9a migrating in_progress, hmc1/p9b migrating in_progress", "", "",
		},
		"the second HMC answers": {
			[]string{"p9a"},
			map[string]any{"h1 lssyscfg p9a": command.ErrTimeout, "h2 lssyscfg p9a": "lpar1,Running\n", "h2 lslparmigr p9a": calm},
			"hmc2/p9a running not_migrating", "", "",
		},
		"each has its own system": {
			[]string{"p9a", "p9b"},
			map[string]any{"h1 lssyscfg p9a": 1, "h2 lssyscfg p9a": "lpar1,Running\n", "h2 lslparmigr p9a": calm, "h1 lssyscfg p9b": "No results were found.\n"},
			"hmc2/p9a running not_migrating", "", "",
		},
		"a silent HMC is not asked for all": {
			[]string{"p9a", "p9b", "p9c"},
			map[string]any{"h1 lssyscfg p9a": 255, "h2 lssyscfg p9a": command.ErrBusy},
			"", "managed system p9c: HMC hmc1: lssyscfg: ssh could not log on: it failed, HMC hmc2:", "h1 lssyscfg p9a,h2 lssyscfg p9a",
		},
		"nobody answers for one": {
			[]string{"p9a", "p9b"},
			map[string]any{"h1 lssyscfg p9b": 1, "h2 lssyscfg p9b": 1, "h1 lssyscfg p9a": "lpar1,Not Activated\n", "h1 lslparmigr p9a": calm},
			"hmc1/p9a not_activated not_migrating", "managed system p9b: HMC hmc1: lssyscfg: exit 1: it failed, HMC hmc2: lssyscfg: exit 1", "",
		},
		"migrations are not told": {
			[]string{"p9a"},
			map[string]any{"h1 lssyscfg p9a": "lpar1,Running\n", "h1 lslparmigr p9a": 1, "h2 lssyscfg p9a": "lpar1,Running\n", "h2 lslparmigr p9a": 1},
			"", "lslparmigr: exit 1", "",
		},
		"migration of a partition that is gone meanwhile": {
			[]string{"p9a"}, map[string]any{"h1 lssyscfg p9a": "lpar1,Running\n"}, "hmc1/p9a running unknown", "", "",
		},
		"filter ignored": {
			[]string{"p9a"},
			map[string]any{"h1 lssyscfg p9a": "lpar0,Error\nlpar1,Running\n", "h1 lslparmigr p9a": "lpar0,Migration Failed\n" + calm},
			"hmc1/p9a running not_migrating", "", "",
		},
		"listed twice": {
			[]string{"p9a"},
			map[string]any{"h1 lssyscfg p9a": "lpar1,Not Activated\nlpar1,Running\n", "h1 lslparmigr p9a": calm},
			"hmc1/p9a not_activated unknown, hmc1/p9a running unknown", "", "",
		},
		"half an answer is none": {
			[]string{"p9a"},
			map[string]any{"h1 lssyscfg p9a": "lpar1,Not Activated\nlpar", "h2 lssyscfg p9a": "lpar1,Not Activated\nlpar"},
			"", `1 lines are not understood, the first: "lpar"`, "",
		},
		"all systems of all HMCs": {
			nil,
			map[string]any{
				"h1 lssyscfg": "p9a,Operating\n", "h2 lssyscfg": "p9a,Operating\np9b,Operating\n",
				"h2 lssyscfg p9b": "lpar1,Running\n", "h2 lslparmigr p9b": calm,
			},
			"hmc2/p9b running not_migrating", "", "h1 lssyscfg,h1 lssyscfg p9a,h2 lssyscfg,h2 lssyscfg p9b,h2 lslparmigr p9b",
		},
		"systems of one HMC are not told": {
			nil, map[string]any{"h1 lssyscfg": "p9a,Operating\n", "h2 lssyscfg": command.ErrMissing}, "", "HMC hmc2: list its managed systems: command not found", "",
		},
		"a system with a strange name": {
			nil, map[string]any{"h1 lssyscfg": "$(x),Operating\n", "h2 lssyscfg": "p9a,Operating\n"}, "", "HMC hmc1: list its managed systems:", "",
		},
	} {
		v, r := look1(t, tc.systems, tc.answers)
		if rows(v) != tc.rows || (v.Err == "") != (tc.err == "") || !strings.Contains(v.Err, tc.err) {
			t.Errorf("%s: %s; %q", name, rows(v), v.Err)
		}
		if asked := strings.Join(r.asked, ","); tc.asked != "" && asked != tc.asked {
			t.Errorf("%s: asked %s", name, asked)
		}
	}
}

func TestLookEndsWithContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := &consoles{answers: map[string]any{"h1 lssyscfg p9a": context.Canceled}}
	c, err := New(Options{Commands: map[string][]string{"hmc1": {"/usr/bin/ssh", "h1"}}, Systems: []string{"p9a", "p9b"}, Partition: "lpar1", Runner: r, Clock: clock.NewFake(start)})
	if err != nil {
		t.Fatal(err)
	}
	if v := c.Look(ctx); v.Err == "" || len(r.asked) != 1 {
		t.Errorf("%+v, asked %v", v, r.asked)
	}
}

func TestNewRefuses(t *testing.T) {
	ssh := map[string][]string{"hmc1": {"/usr/bin/ssh", "h1"}}
	for name, o := range map[string]Options{
		"no HMC":             {Partition: "lpar1"},
		"an empty command":   {Commands: map[string][]string{"hmc1": nil}, Partition: "lpar1"},
		"no partition":       {Commands: ssh},
		"partition, a blank": {Commands: ssh, Partition: "lpar 1"},
		"partition, a shell": {Commands: ssh, Partition: "lpar1;reboot"},
		"partition, a flag":  {Commands: ssh, Partition: "-x"},
		"partition, a comma": {Commands: ssh, Partition: "a,b"},
		"system, a quote":    {Commands: ssh, Partition: "lpar1", Systems: []string{"p9'a"}},
	} {
		if c, err := New(o); err == nil || c != nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// S1: only Not Activated on every managed system that lists the partition is off.
func TestPoweredOff(t *testing.T) {
	off := model.HMCState{System: "p9a", State: model.LPARNotActivated, Migration: model.HMCNotMigrating}
	with := func(f func(*model.HMCState)) model.HMCState {
		s := off
		f(&s)
		return s
	}
	view := func(rows ...model.HMCState) model.HMCView {
		return model.HMCView{At: start, Partition: "lpar1", Rows: rows}
	}
	type row struct {
		name string
		v    model.HMCView
		age  time.Duration
		want Reason
	}
	tests := []row{
		{"off", view(off), time.Second, ReasonOff},
		{"off on both", view(off, off), time.Second, ReasonOff},
		{"off on one, running on the other", view(off, with(func(s *model.HMCState) { s.State = model.LPARRunning })), time.Second, ReasonOn},
		{"not listed", view(), time.Second, ReasonNotListed},
		{"not whole", model.HMCView{At: start, Rows: []model.HMCState{off}, Err: "p9b does not answer"}, time.Second, ReasonNotWhole},
		{"old", view(off), time.Minute + 1, ReasonStale},
		{"from the future", view(off), -time.Second, ReasonStale},
		{"never", model.HMCView{}, time.Second, ReasonStale},
	}
	for _, s := range []model.LPARState{
		model.LPARRunning, model.LPARNotAvailable, model.LPAROpenFirmware, model.LPARStarting, model.LPARShuttingDown, model.LPARError,
		model.LPARMigrating, model.LPARSuspended, model.LPARUnknown, "",
	} {
		tests = append(tests, row{"state " + string(s), view(with(func(r *model.HMCState) { r.State = s })), time.Second, ReasonOn})
	}
	for _, m := range []model.HMCMigration{
		model.HMCStarting, model.HMCInProgress, model.HMCFailed, model.HMCComplete, model.HMCStopping, model.HMCRecovery, model.HMCUnknown, "",
	} {
		tests = append(tests, row{"migration " + string(m), view(with(func(r *model.HMCState) { r.Migration = m })), time.Second, ReasonMigrating})
	}
	for _, tc := range tests {
		if p := PoweredOff(tc.v, start.Add(tc.age), time.Minute); p.Reason != tc.want || p.Off != (tc.want == ReasonOff) {
			t.Errorf("%s: %+v", tc.name, p)
		}
	}
}
