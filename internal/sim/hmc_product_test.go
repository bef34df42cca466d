package sim

import (
	"context"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/command"
	"powerha_lpm_exporter/internal/hmc"
	"powerha_lpm_exporter/internal/model"
)

// console runs what the product would type at the HMC.
type console struct {
	command.Runner
	s *shell
}

func (c console) Query(_ context.Context, q command.Query) (command.Output, error) {
	id := c.s.newID()
	c.s.step(CommandStarted{ID: id, Name: "hmc", Args: q.Argv[1:]})
	c.s.run(3 * time.Second)
	return command.Output{Stdout: []byte(c.s.out[id]), Stderr: []byte(c.s.errOut[id]), Exit: c.s.exit[id]}, nil
}

// The product's own look at the HMC finds what is so: where the partition is, and when it is proven to be off.
func TestProductLooksAtTheHMC(t *testing.T) {
	for _, words := range []string{"cli", "rest", "lower"} {
		s := newShell(t, Config{Knobs: map[string]string{"hmc_migration_words": words}})
		client, err := hmc.New(hmc.Options{
			Commands: map[string][]string{"hmc1": {"/usr/bin/hmc"}}, Partition: "n1", Timeout: time.Minute,
			Runner: console{s: s}, Clock: clock.System(),
		})
		if err != nil {
			t.Fatal(err)
		}
		look := func() (model.HMCView, hmc.Proof) {
			v := client.Look(t.Context())
			return v, hmc.PoweredOff(v, v.At, time.Hour)
		}
		if v, p := look(); v.Err != "" || len(v.Rows) != 1 || v.Rows[0].State != model.LPARRunning || v.Rows[0].Migration != model.HMCNotMigrating || p.Off {
			t.Errorf("%s: running: %+v %+v", words, v, p)
		}
		s.step(MigrationRequested{ID: "m", Node: "n1", Precopy: time.Hour, Freeze: time.Second, AbortAt: "copy"})
		s.run(time.Minute)
		if v, p := look(); v.Err != "" || len(v.Rows) != 2 || v.Rows[0].State != model.LPARMigrating || v.Rows[1].State != model.LPARMigrating || v.Rows[0].Migration != model.HMCInProgress || p.Off {
			t.Errorf("%s: in a migration: %+v %+v", words, v, p)
		}
		s.run(2 * time.Hour)
		s.step(NodeDied{Node: "n1"})
		if v, p := look(); v.Err != "" || len(v.Rows) != 1 || v.Rows[0].State != model.LPARError || p.Off {
			t.Errorf("%s: crashed: %+v %+v", words, v, p)
		}
		s.hmc("chsysstate -m " + sourceSystem + " -r lpar -n n1 -o shutdown --immed")
		s.run(time.Minute)
		if v, p := look(); v.Err != "" || len(v.Rows) != 1 || !p.Off {
			t.Errorf("%s: off: %+v %+v", words, v, p)
		}
		s.step(SetKnob{Name: "hmc", Value: "busy"})
		if v, p := look(); v.Err == "" || p.Off {
			t.Errorf("%s: a busy HMC proves something: %+v %+v", words, v, p)
		}
	}
}
