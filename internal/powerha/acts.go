package powerha

import (
	"fmt"
	"strings"

	"powerha_lpm_exporter/internal/command"
)

// The names of the acts, for journals and metrics.
const (
	ActStop   = "stop_node"
	ActStart  = "start_node"
	ActMove   = "move_group"
	ActModify = "modify_cluster"
	ActSync   = "sync_cluster"
)

// StopUnmanage stops cluster services of the node at once and leaves its
// groups running, unmanaged (clmgr(1); SG24-8278 ex. 8-7).
func (c *Client) StopUnmanage(id, node string) (command.Act, error) {
	if err := checkName("node", node); err != nil {
		return command.Act{}, err
	}
	return c.act(id, ActStop, "stop", "node", node, "WHEN=now", "MANAGE=unmanage", "BROADCAST=false"), nil
}

// StartManage starts cluster services of the node and takes its groups back
// into management; clinfo says whether clinfoES is to run, as it did before
// (clmgr(1); SG24-8278 ex. 8-10). Nothing found by its verification is
// repaired by the way.
func (c *Client) StartManage(id, node string, clinfo bool) (command.Act, error) {
	if err := checkName("node", node); err != nil {
		return command.Act{}, err
	}
	args := []string{"start", "node", node, "WHEN=now", "MANAGE=auto", "FIX=no", "BROADCAST=false"}
	if clinfo {
		args = append(args, "CLINFO=true")
	}
	return c.act(id, ActStart, args...), nil
}

// MoveGroup moves a group to a node (clmgr(1); SG24-8278 ex. 5-27).
func (c *Client) MoveGroup(id, group, node string) (command.Act, error) {
	if err := checkName("resource group", group); err != nil {
		return command.Act{}, err
	}
	if err := checkName("node", node); err != nil {
		return command.Act{}, err
	}
	return c.act(id, ActMove, "move", "resource_group", group, "NODE="+node), nil
}

// SetVariable modifies an attribute of the cluster; it takes effect on other
// nodes with a synchronisation (SG24-8278 §2.1.5). The value may be empty.
func (c *Client) SetVariable(id, attr, value string) (command.Act, error) {
	if attr == "" || strings.Trim(attr, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") != "" {
		return command.Act{}, fmt.Errorf("attribute %q of the cluster: not of capital letters and underscores", attr)
	}
	if value != "" {
		if err := checkName("value of "+attr, value); err != nil {
			return command.Act{}, err
		}
	}
	return c.act(id, ActModify, "modify", "cluster", attr+"="+value), nil
}

// Sync synchronises the configuration of the cluster.
func (c *Client) Sync(id string) command.Act { return c.act(id, ActSync, "sync", "cluster") }

func (c *Client) act(id, name string, args ...string) command.Act {
	return command.Act{ID: id, Name: name, Argv: c.command("clmgr", args...)}
}

// checkName keeps out what could be taken for an option, an attribute or several words.
func checkName(what, s string) error {
	if !isName(s) {
		return fmt.Errorf("%s %q: only letters, digits, hyphen, underscore and dot may be in it, and no hyphen first", what, s)
	}
	return nil
}
