package main

import (
	"fmt"

	"github.com/alecthomas/kingpin/v2"

	"powerha_lpm_exporter/internal/command"
	"powerha_lpm_exporter/internal/hmc"
	"powerha_lpm_exporter/internal/model"
)

func addHMC(app *kingpin.Application, t *tool, verbs map[string]func() int) {
	v := app.Command("hmc", "Ask the configured HMCs (hmc.commands). Nothing is changed there.")
	show := v.Command("show", "What they say of a partition now.")
	shown := show.Arg("partition", "Its name as the HMC lists it. Default: hmc.partition, this node's.").String()
	isOff := v.Command("is-off", "Ends with 0 only when each managed system that lists the partition says Not Activated.")
	asked := isOff.Arg("partition", "Its name as the HMC lists it.").Required().String()
	verbs["hmc show"] = func() int { return t.showHMC(*shown) }
	verbs["hmc is-off"] = func() int { return t.isOff(*asked) }
}

// look asks the HMCs once. It reports false after it has said why nobody could be asked.
func (t *tool) look(partition string) (model.HMCView, bool) {
	if !t.config() {
		return model.HMCView{}, false
	}
	c := t.cfg.HMC
	if partition == "" {
		partition = c.Partition
	}
	client, err := hmc.New(hmc.Options{
		Commands: c.Argvs(), Systems: c.Systems, Partition: partition, Timeout: c.Timeout.D(),
		Runner: command.NewRunner(t.clk, ""), Clock: t.clk,
	})
	if err != nil {
		t.fail(exitNo, "%v", err)
		return model.HMCView{}, false
	}
	return client.Look(t.ctx), true
}

func (t *tool) showHMC(partition string) int {
	v, ok := t.look(partition)
	if !ok {
		return exitNo
	}
	if t.output == "json" {
		t.json(v)
	} else {
		t.hmcRows(v)
	}
	switch {
	case v.Err != "":
		return t.fail(exitUnreachable, "%s", v.Err)
	case len(v.Rows) == 0:
		return t.fail(exitNo, "no managed system that was asked lists %s", v.Partition)
	}
	return exitOK
}

func (t *tool) hmcRows(v model.HMCView) {
	if len(v.Rows) == 0 {
		return
	}
	fmt.Fprintf(t.stdout, "%-12s %-28s %-26s %s\n", "HMC", "managed system", "state", "migration")
	for _, r := range v.Rows {
		fmt.Fprintf(t.stdout, "%-12s %-28s %-26s %s\n", r.HMC, r.System, r.RawState, r.Raw)
	}
}

// answersAge times the time limit of one command is how old the first answer may be when the last one comes: this
// program may have been frozen with its node in between.
const answersAge = 4

// isOff answers as a fence does: everything but a proof is a no.
func (t *tool) isOff(partition string) int {
	v, ok := t.look(partition)
	if !ok {
		return exitNo
	}
	p := hmc.PoweredOff(v, t.clk.Now(), answersAge*t.cfg.HMC.Timeout.D())
	if t.output == "json" {
		t.json(struct {
			hmc.Proof
			View model.HMCView `json:"view"`
		}{p, v})
	} else {
		t.hmcRows(v)
		fmt.Fprintf(t.stdout, "%s %s\n", t.mark(p.Off), p.Reason)
	}
	switch {
	case p.Off:
		return exitOK
	case p.Reason == hmc.ReasonNotWhole:
		return t.fail(exitUnreachable, "not proven to be off: %s", p.Detail)
	}
	return t.fail(exitNo, "not proven to be off: %s", p.Detail)
}
