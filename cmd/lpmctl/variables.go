package main

import (
	"fmt"

	"github.com/alecthomas/kingpin/v2"

	"powerha_lpm_exporter/internal/control"
	"powerha_lpm_exporter/internal/model"
)

func addVariables(app *kingpin.Application, t *tool, verbs map[string]func() int) {
	v := app.Command("variables", "PowerHA's standing LPM settings.")
	v.Command("show", "Compare the cluster's settings with the configured ones. Ends with 1 when they differ.")
	apply := v.Command("apply", "Have the actor set them and synchronise, in calm times.")
	applyReason := apply.Flag("reason", "Why, for the journal.").String()
	restore := v.Command("restore", "Have the actor put back what they were before it changed them.")
	restoreReason := restore.Flag("reason", "Why, for the journal.").String()
	verbs["variables show"] = t.showVariables
	verbs["variables apply"] = func() int {
		return t.operator(control.OperatorRequest{Verb: control.VerbApply, Reason: *applyReason})
	}
	verbs["variables restore"] = func() int {
		return t.operator(control.OperatorRequest{Verb: control.VerbRestore, Reason: *restoreReason})
	}
}

func (t *tool) showVariables() int {
	if !t.config() {
		return exitNo
	}
	l := t.live(model.SourceCluster)
	c := l.Readings[model.SourceCluster].Cluster
	if c == nil {
		return t.fail(exitUnreachable, "%v", l.Errors)
	}
	vars := t.variables(l)
	drift := false
	for _, v := range vars {
		drift = drift || v.Drift
	}
	switch {
	case t.output == "json":
		t.json(vars)
	case len(vars) == 0:
		fmt.Fprintf(t.stdout, "PowerHA %s has no LPM variables (7.2 on has)\n", c.Version)
	default:
		fmt.Fprintf(t.stdout, "%-32s %-12s %-12s\n", "variable", "now", "configured")
		for _, v := range vars {
			note := ""
			if v.Drift {
				note = "differs"
			}
			fmt.Fprintf(t.stdout, "%-32s %-12s %-12s %s\n", v.Name, v.Now, v.Wanted, note)
		}
		if c.Unsynced != nil && *c.Unsynced {
			fmt.Fprintln(t.stdout, wrap("The configuration has changes that are not synchronised: a change in force may not be what is shown.", 0))
		}
	}
	if drift {
		return exitNo
	}
	return exitOK
}
