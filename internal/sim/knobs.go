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

// knobTable lists every knob; docs/simulator.md says what each decides.
func knobTable() map[string]knob {
	yesNo := []string{"yes", "no"}
	return map[string]knob{
		"rginfo_s_layout":               {"v72", []string{"minimal", "v5", "v71", "v72"}},
		"rginfo_m_layout":               {"qha", []string{"qha", "table"}},
		"rginfo_heading":                {"group_state", []string{"group_state", "state"}},
		"rg_state_spelling":             {"space", []string{"space", "underscore", "short"}},
		"rg_state":                      {"", nil},
		"site_rows":                     {"no", yesNo},
		"language":                      {"en_US", Languages()},
		"lc_all":                        {"obeyed", []string{"obeyed", "ignored"}},
		"translated_states":             {"no", yesNo},
		"clmgr_xml":                     {"level", []string{"level", "yes", "no"}},
		"clmgr_xml_layout":              {"elements", []string{"elements", "attributes"}},
		"lscluster_layout":              {"new", []string{"new", "old"}},
		"heartbeat_type":                {"unicast", []string{"unicast", "multicast"}},
		"clstrmgr":                      {"active", []string{"active", "inoperative", "not_on_file", "not_configured"}},
		"caa":                           {"active", []string{"active", "stopped"}},
		"clversion_map":                 {"table", nil},
		"errpt_pmig_ids":                {"level", []string{"level", "old", "new"}},
		"errpt_pmig_template":           {"plain", []string{"plain", "detail", "renamed"}},
		"errpt_pmig_offsets":            {"premigrate", []string{"premigrate", "suspend", "done_late"}},
		"monitor":                       {"healthy", []string{"healthy", "failed", "suspended"}},
		"hmc":                           {"idle", []string{"idle", "busy"}},
		"hmc_migration_words":           {"cli", []string{"cli", "rest", "lower"}},
		"hmc_crash_shows":               {"Error", []string{"Error", "Open Firmware", "Not Available", "Running"}},
		"hmc_state":                     {"", nil},
		"output":                        {"normal", faultValues()},
		"exit_codes":                    {"one", []string{"one", "classes", "zero"}},
		"dr_other_exit":                 {"failure", []string{"failure", "success"}},
		"pvm_wdog_fires":                {"no", yesNo},
		"pvm_wdog_suspended":            {"no", yesNo},
		"clmgr_wait":                    {"after", []string{"after", "before"}},
		"events_while_unmanaged":        {"yes", yesNo},
		"unmanaged_votes":               {"yes", yesNo},
		"cl_dr_timeout_name":            {"node_timeout", []string{"node_timeout", "CAA_node_timeout"}},
		"cl_dr_forgets":                 {"nothing", nil},
		"ifrestrict":                    {"absent", []string{"absent", "present"}},
		"event_takes":                   {"0", nil},
		"event_fails":                   {"none", nil},
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

// families are the knobs that name what they are about: NAME.WHAT.
func families() map[string]string {
	return map[string]string{"output": "<tool>", "rg_state": "<group>", "event_takes": "<event>", "monitor": "<monitor>"}
}

// KnobNames lists the names of all knobs with the values they take ("" = free), sorted.
func KnobNames() []string {
	var out []string
	for name, k := range knobTable() {
		if of, ok := families()[name]; ok {
			name += "." + of
		}
		out = append(out, name+"="+strings.Join(k.values, "|"))
	}
	sort.Strings(out)
	return out
}

// CheckKnob refuses a knob that the core does not have, or a value that it does not take. The name may be NAME@NODE;
// whether the cluster has such a node, or such a group, is for the cluster to say.
func CheckKnob(name, value string) error {
	bare, _, _ := strings.Cut(name, "@")
	bare, of, member := strings.Cut(bare, ".")
	k, ok := knobTable()[bare]
	if _, family := families()[bare]; !ok || family != member || member && of == "" {
		return fmt.Errorf("knob %q is not known; the knobs are: %s", name, strings.Join(KnobNames(), ", "))
	}
	if bare == "output" {
		if !slices.Contains(Tools(), of) {
			return fmt.Errorf("knob %s: %q is not a tool; one of %s", name, of, strings.Join(Tools(), ", "))
		}
		return checkFault(name, value)
	}
	if bare == "cl_dr_forgets" {
		return checkForgets(value)
	}
	if k.values != nil && !slices.Contains(k.values, value) {
		return fmt.Errorf("knob %s does not take %q; one of %s", bare, value, strings.Join(k.values, ", "))
	}
	return nil
}

func (c *Core) setKnob(name, value string) error {
	if err := CheckKnob(name, value); err != nil {
		return err
	}
	bare, node, at := strings.Cut(name, "@")
	if at && c.nodes[node] == nil {
		return fmt.Errorf("knob %q: the cluster has no node %q", name, node)
	}
	if g, ok := strings.CutPrefix(bare, "rg_state."); ok && c.group(g) == nil {
		return fmt.Errorf("knob %q: the cluster has no resource group %q", name, g)
	}
	if m, ok := strings.CutPrefix(bare, "monitor."); ok && !c.hasMonitor(m) {
		return fmt.Errorf("knob %q: the cluster has no application monitor %q", name, m)
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
	return c.def(name)
}

func (c *Core) def(name string) string {
	bare, _, _ := strings.Cut(name, ".")
	return c.table[bare].def
}

// knobDuration reads a knob that counts seconds; what is no number counts as the default.
func (c *Core) knobDuration(n *node, name string) time.Duration {
	for _, text := range []string{c.knob(n, name), c.def(name)} {
		if f, err := strconv.ParseFloat(text, 64); err == nil && f >= 0 {
			return time.Duration(f * float64(time.Second))
		}
	}
	return 0
}
