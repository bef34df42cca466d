package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"powerha_lpm_exporter/internal/hmc"
	"powerha_lpm_exporter/internal/model"
)

// console is a node that reaches an HMC with two managed systems; states and moves are what it says of lpar2 on them.
func console(t *testing.T, states, moves [2]string) *node {
	t.Helper()
	n := newNode(t, "NORMAL", "")
	body := "shift\ncase \"$*\" in\n"
	for i, system := range []string{"p9a", "p9b"} {
		say := func(command, field, what string) {
			if what == "" {
				what = "exit 1"
			} else {
				what = fmt.Sprintf("echo '%s'", what)
			}
			body += fmt.Sprintf("'%s -r lpar -m %s --filter lpar_names=lpar2 -F name,%s') %s;;\n", command, system, field, what)
		}
		say("lssyscfg", "state", states[i])
		say("lslparmigr", "migration_state", moves[i])
	}
	n.tool(t, "ssh", body+"*) echo 'HSCL8012 The partition was not found.'; exit 1;;\nesac")
	n.write(t, n.config, "state_dir: "+n.state+"\nhmc: {commands: {hmc1: ["+n.dir+"/ssh, view@hmc1]}, systems: [p9a, p9b], partition: lpar1}\n", 0o600)
	return n
}

func TestIsOff(t *testing.T) {
	const off, calm = "lpar2,Not Activated", "lpar2,Not Migrating"
	for name, tc := range map[string]struct {
		states, moves [2]string
		partition     string
		status        int
		reason        hmc.Reason
	}{
		"off":              {[2]string{off, "No results were found."}, [2]string{calm, ""}, "lpar2", exitOK, hmc.ReasonOff},
		"off on both":      {[2]string{off, off}, [2]string{calm, calm}, "lpar2", exitOK, hmc.ReasonOff},
		"on, on the other": {[2]string{off, "lpar2,Running"}, [2]string{calm, calm}, "lpar2", exitNo, hmc.ReasonOn},
		"error":            {[2]string{"lpar2,Error", off}, [2]string{calm, calm}, "lpar2", exitNo, hmc.ReasonOn},
		"migrating":        {[2]string{off, off}, [2]string{calm, "lpar2,Migration Starting"}, "lpar2", exitNo, hmc.ReasonMigrating},
		"one is silent":    {[2]string{off, ""}, [2]string{calm, ""}, "lpar2", exitUnreachable, hmc.ReasonNotWhole},
		"not known":        {[2]string{off, off}, [2]string{calm, calm}, "lpar3", exitNo, hmc.ReasonNotListed},
	} {
		n := console(t, tc.states, tc.moves)
		out, errOut, status := n.lpmctl(t, "hmc", "is-off", tc.partition)
		if status != tc.status || !strings.Contains(out, string(tc.reason)) || (status != exitOK) != strings.Contains(errOut, "not proven to be off") {
			t.Errorf("%s: status %d\n%s%s", name, status, out, errOut)
		}
		out, _, status = n.lpmctl(t, "--output=json", "hmc", "is-off", tc.partition)
		var got struct {
			hmc.Proof
			View model.HMCView `json:"view"`
		}
		if err := json.Unmarshal([]byte(out), &got); err != nil || got.Off != (tc.status == exitOK) || got.Reason != tc.reason || got.View.Partition != tc.partition || status != tc.status {
			t.Errorf("%s: %v, status %d, %+v", name, err, status, got)
		}
	}
}

func TestHMCShow(t *testing.T) {
	n := console(t, [2]string{"lpar2,Migrating - Running", "lpar2,Migrating - Not Activated"}, [2]string{"lpar2,Migration In Progress", "lpar2,Migration In Progress"})
	out, errOut, status := n.lpmctl(t, "hmc", "show", "lpar2")
	if status != exitOK || errOut != "" || strings.Count(out, "\n") != 3 || !strings.Contains(out, "Migrating - Not Activated  Migration In Progress") {
		t.Errorf("status %d\n%s%s", status, out, errOut)
	}
	if out, errOut, status := n.lpmctl(t, "hmc", "show"); status != exitNo || out != "" || !strings.Contains(errOut, "no managed system that was asked lists lpar1") {
		t.Errorf("status %d\n%s%s", status, out, errOut)
	}
	for _, args := range [][]string{{"hmc", "show", "a;b"}, {"hmc", "is-off", "$(x)"}} {
		if _, errOut, status := n.lpmctl(t, args...); status != exitNo || !strings.Contains(errOut, "cannot be the name") {
			t.Errorf("%v: status %d, %s", args, status, errOut)
		}
	}
	if _, _, status := n.lpmctl(t, "hmc", "is-off"); status != exitUsage {
		t.Errorf("status %d", status)
	}
	n = newNode(t, "NORMAL", "")
	if _, errOut, status := n.lpmctl(t, "hmc", "is-off", "lpar2"); status != exitNo || !strings.Contains(errOut, "hmc.commands") {
		t.Errorf("status %d, %s", status, errOut)
	}
}
