package main

import (
	"errors"
	"fmt"

	"github.com/alecthomas/kingpin/v2"

	"powerha_lpm_exporter/internal/config"
	"powerha_lpm_exporter/internal/control"
)

// addOperator adds the verbs by which a person speaks to the actor.
func addOperator(app *kingpin.Application, t *tool, verbs map[string]func() int) {
	simple := func(name, help string, verb control.OperatorVerb) {
		reason := app.Command(name, help).Arg("reason", "Why, for the journal.").Required().String()
		verbs[name] = func() int { return t.operator(control.OperatorRequest{Verb: verb, Reason: *reason}) }
	}
	simple("hold", "Stop the actor from resuming and from failing over; protection goes on.", control.VerbHold)
	simple("release", "Take a hold back.", control.VerbRelease)
	simple("end", "Say that the migration is over, where nothing else told it.", control.VerbEnd)
	simple("acknowledge", "Say that you have seen what the actor reported, so that gated may be used again.", control.VerbAcknowledge)

	extend := app.Command("extend", "Prolong the deadline of the suspension.")
	by := extend.Flag("for", "By how much, e.g. 30m.").Required().String()
	extendReason := extend.Arg("reason", "Why, for the journal.").Required().String()
	verbs["extend"] = func() int {
		var d config.Duration
		if err := d.UnmarshalText([]byte(*by)); err != nil || d <= 0 {
			return t.fail(exitUsage, "--for %q is no duration; write for instance 30m or 1h30m", *by)
		}
		return t.operator(control.OperatorRequest{Verb: control.VerbExtend, For: d.D(), Reason: *extendReason})
	}

	resume := app.Command("resume", "Resume management now, if the evidence allows it.")
	override := resume.Flag("override", "Resume whatever the evidence says; the reason goes to the journal.").PlaceHolder("REASON").String()
	verbs["resume"] = func() int {
		r := control.OperatorRequest{Verb: control.VerbResume, Reason: *override, Override: *override != ""}
		if !r.Override {
			r.Reason = "asked by an operator"
		}
		return t.operator(r)
	}
	addApprove(app, t, verbs)
}

func addApprove(app *kingpin.Application, t *tool, verbs map[string]func() int) {
	c := app.Command("approve", "Fail over from a lost node, after you have powered it off at the HMC and seen it Not Activated.")
	reason := c.Flag("i-have-powered-it-off", "Your attestation, and how you made sure.").PlaceHolder("REASON").Required().String()
	node := c.Flag("node", "The lost node.").Required().String()
	groups := c.Flag("group", "A resource group to start, where the lost node left no record; may be repeated.").Strings()
	decision := c.Flag("decision", "Approve only this decision, as shown by status.").String()
	verbs["approve"] = func() int {
		if !t.config() {
			return exitNo
		}
		s, err := t.askActor()
		if err != nil {
			return t.unreachable(err)
		}
		if t.output == "text" {
			t.printLost(only(s.Lost, *node), s.At.Wall)
		}
		return t.operator(control.OperatorRequest{
			Verb: control.VerbApproveFailover, Reason: *reason, Node: *node, Groups: *groups, Decision: *decision,
		})
	}
}

func only(lost []control.LostNode, node string) []control.LostNode {
	for _, l := range lost {
		if l.Node == node {
			return []control.LostNode{l}
		}
	}
	return nil
}

// operator hands a request to the actor and prints its answer.
func (t *tool) operator(r control.OperatorRequest) int {
	if !t.config() {
		return exitNo
	}
	r.SudoUser = t.sudoUser
	ctx, cancel := t.clk.WithTimeout(t.ctx, answerTime)
	defer cancel()
	reply, err := actorOf(t.cfg).Operator(ctx, r)
	if err != nil {
		return t.unreachable(err)
	}
	if t.output == "json" {
		t.json(reply)
	} else {
		word := "accepted"
		if !reply.Accepted {
			word = "refused"
			if reply.Reason != "" {
				word += " (" + reply.Reason + ")"
			}
		}
		fmt.Fprintln(t.stdout, wrap(word+": "+reply.Message, 0))
		t.commands("by hand", reply.Commands)
	}
	if !reply.Accepted {
		return exitNo
	}
	return exitOK
}

func (t *tool) unreachable(err error) int {
	if errors.Is(err, control.ErrUnreachable) {
		return t.fail(exitUnreachable, "%v; `lpmctl status` and `lpmctl plan` tell what to type without it", err)
	}
	return t.fail(exitNo, "%v", err)
}
