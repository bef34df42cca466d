package powerha

import (
	"strings"
	"testing"

	"powerha_lpm_exporter/internal/command"
)

func TestActs(t *testing.T) {
	c := New(Options{Argv: map[string][]string{"clmgr": {"/sim/clmgr"}}})
	act := func(a command.Act, err error) func(t *testing.T, name, want string) {
		return func(t *testing.T, name, want string) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
			if got := strings.Join(a.Argv, " "); got != want || a.ID != "e1" || a.Name != name {
				t.Errorf("act %+v, want %s: %s", a, name, want)
			}
		}
	}
	act(c.StopUnmanage("e1", "n1"))(t, ActStop, "/sim/clmgr stop node n1 WHEN=now MANAGE=unmanage BROADCAST=false")
	act(c.StartManage("e1", "n1", false))(t, ActStart, "/sim/clmgr start node n1 WHEN=now MANAGE=auto FIX=no BROADCAST=false")
	act(c.StartManage("e1", "n1", true))(t, ActStart, "/sim/clmgr start node n1 WHEN=now MANAGE=auto FIX=no BROADCAST=false CLINFO=true")
	act(c.MoveGroup("e1", "rg_1", "n2"))(t, ActMove, "/sim/clmgr move resource_group rg_1 NODE=n2")
	act(c.SetVariable("e1", "LPM_POLICY", "unmanage"))(t, ActModify, "/sim/clmgr modify cluster LPM_POLICY=unmanage")
	act(c.SetVariable("e1", "LPM_POLICY", ""))(t, ActModify, "/sim/clmgr modify cluster LPM_POLICY=")
	act(c.Sync("e1"), nil)(t, ActSync, "/sim/clmgr sync cluster")
}

// S11: nothing from outside becomes an option, another attribute or a second word.
func TestActsRefuseStrangeNamesS11(t *testing.T) {
	c := New(Options{})
	for _, name := range []string{"", "-f", "n 1", "n1;reboot", "a=b", "n1\n", "../x", "n\x00", "$(x)", "é", strings.Repeat("a", 300)} {
		for what, err := range map[string]error{
			"stop":        second(c.StopUnmanage("e", name)),
			"start":       second(c.StartManage("e", name, false)),
			"move group":  second(c.MoveGroup("e", name, "n1")),
			"move node":   second(c.MoveGroup("e", "rg", name)),
			"modify name": second(c.SetVariable("e", name, "1")),
		} {
			if err == nil {
				t.Errorf("%s took %q", what, name)
			}
		}
		if name != "" && second(c.SetVariable("e", "LPM_POLICY", name)) == nil {
			t.Errorf("modify took the value %q", name)
		}
	}
}

func second(_ command.Act, err error) error { return err }
