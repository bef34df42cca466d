package sim

import (
	"fmt"
	"slices"
	"sort"
	"strconv"
	"strings"
	"time"
)

// knob is one uncertain fact about the product, or one fault, that can be set from outside.
type knob struct {
	def    string
	values []string // nil: free text
}

// knobTable lists every knob. The names are those of the reference's list of what is not known.
func knobTable() map[string]knob {
	yesNo := []string{"yes", "no"}
	return map[string]knob{
		"rginfo_s_layout":               {"v72", []string{"minimal", "v5", "v71", "v72"}},
		"rginfo_m_layout":               {"qha", []string{"qha", "table"}},
		"unmanaged_owner_death_shows":   {"UNMANAGED", []string{"UNMANAGED", "OFFLINE", "UNKNOWN"}},
		"error_stream":                  {"stderr", []string{"stderr", "stdout"}},
		"lssrc_forced_down_line":        {"yes", yesNo},
		"cluster_state_unmanaged":       {"WARNING", []string{"WARNING", "STABLE"}},
		"lpm_var_needs_sync":            {"yes", yesNo},
		"modify_refused_when_unmanaged": {"no", yesNo},
		"lpm_timeout_changeable":        {"yes", yesNo},
		"lpm_policy_case":               {"typed", []string{"typed", "upper"}},
		"cl_dr":                         {"registered", []string{"registered", "absent"}},
		"cl_dr_timeout":                 {"600", nil},
		"dr_timeout_default":            {"10", nil},
		"premigrate_position":           {"before_transfer", []string{"before_transfer", "before_suspend"}},
		"dr_script_order":               {"directory", []string{"directory", "reverse", "product_first"}},
		"dr_undo_scope":                 {"ran", []string{"ran", "all"}},
		"dr_timeout_effect":             {"fail", []string{"fail", "ignore"}},
		"dr_env":                        {"yes", yesNo},
		"dms_fires_on_wake":             {"yes", yesNo},
		"merge_halts":                   {"yes", yesNo},
		"clusterlog_format":             {"plain", []string{"plain", "sequence", "hacmp"}},
		"network_events":                {"yes", yesNo},
		"network_fdt_listed":            {"yes", yesNo},
		"pvm_wdog_listed":               {"level", []string{"level", "yes", "no"}},
		"monitor_hung_on_wake":          {"no", yesNo},
		"monitor_retry":                 {"0", nil},
		"client_kill_on_wake":           {"yes", yesNo},
		"cluster_type":                  {"NSC", []string{"NSC", "SC", "LC"}},
		"resume_when_group_elsewhere":   {"leave", []string{"leave", "acquire"}},
		"double_unmanage":               {"warning", []string{"warning", "error"}},
		"lpm_undo_boot_delay":           {"30", nil},
		"forced_down_warn_s":            {"3600", nil},
		"move_unmanaged_dead_owner":     {"accept", []string{"accept", "refuse", "accept_after_node_down"}},
		"cl_dr_check_unmanaged":         {"accept", []string{"accept", "veto"}},
		"cl_dr_pre_unmanaged":           {"skip", []string{"skip", "warn", "fail"}},
		"cl_dr_resumes_unmanaged":       {"no", yesNo},
		"clmgr_hang":                    {"no", []string{"no", "query", "act", "all"}},
	}
}

// KnobNames lists the names of all knobs with the values they take ("" = free), sorted.
func KnobNames() []string {
	var out []string
	for name, k := range knobTable() {
		out = append(out, name+"="+strings.Join(k.values, "|"))
	}
	sort.Strings(out)
	return out
}

func (c *Core) setKnob(name, value string) error {
	bare, node, at := strings.Cut(name, "@")
	k, ok := knobTable()[bare]
	if !ok {
		return fmt.Errorf("knob %q is not known; the knobs are: %s", bare, strings.Join(KnobNames(), ", "))
	}
	if at && c.nodes[node] == nil {
		return fmt.Errorf("knob %q: the cluster has no node %q", name, node)
	}
	if k.values != nil && !slices.Contains(k.values, value) {
		return fmt.Errorf("knob %s does not take %q; one of %s", bare, value, strings.Join(k.values, ", "))
	}
	c.knobs[name] = value
	return nil
}

// knob returns the value of a knob as it holds on a node (nil: for the cluster).
func (c *Core) knob(n *node, name string) string {
	if n != nil {
		if v, ok := c.knobs[name+"@"+n.name]; ok {
			return v
		}
	}
	if v, ok := c.knobs[name]; ok {
		return v
	}
	return knobTable()[name].def
}

// knobDuration reads a knob that counts seconds; what is no number counts as the default.
func (c *Core) knobDuration(n *node, name string) time.Duration {
	for _, text := range []string{c.knob(n, name), knobTable()[name].def} {
		if f, err := strconv.ParseFloat(text, 64); err == nil && f >= 0 {
			return time.Duration(f * float64(time.Second))
		}
	}
	return 0
}
