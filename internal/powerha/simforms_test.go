package powerha

import (
	"reflect"
	"strings"
	"testing"

	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/sim"
)

// Whatever form a command is asked for, it tells the same.
func TestEveryFormTellsTheSame(t *testing.T) {
	forms := map[model.Source][]string{
		model.SourceGroups:      {"clRGinfo", "clRGinfo -s", "clRGinfo -c", "clfindres -s"},
		model.SourceCluster:     {"clmgr query cluster", "clmgr -c query cluster", "clmgr -x query cluster"},
		model.SourceNodes:       {"clmgr -v query node", "clmgr -cv query node", "clmgr -x query node"},
		model.SourceMonitors:    {"clmgr -cv query application_monitor", "clmgr -x -v query application_monitor"},
		model.SourceGroupAttrs:  {"clmgr -cv query resource_group", "clmgr -x -v query resource_group"},
		model.SourceTunables:    {"clctrl -tune -L"},
		model.SourceNodeTimeout: {"clctrl -tune -L node_timeout"},
		model.SourceDeadmanMode: {"clctrl -tune -L deadman_mode"},
		model.SourceSwitch:      {"lssrc -ls cthags"},
		model.SourceServer:      {"lsattr -El sys0"},
	}
	for _, version := range []string{"7.1.3", "7.2.0", "7.2.3", "7.2.7"} {
		s := newSim(t, version)
		c := simClient(s)
		for source, commands := range forms {
			want := c.Read(t.Context(), source)
			if want.Err != "" {
				t.Errorf("%s %s: %s", version, source, want.Err)
				continue
			}
			for _, command := range commands {
				out, err := s.run(strings.Fields("/usr/bin/" + command))
				if err != nil {
					t.Fatal(err)
				}
				r := Interpret(source, out)
				if strings.Contains(command, " -x ") && out.Exit != 0 {
					continue // a level without XML
				}
				if !reflect.DeepEqual(toldBy(t, r), toldBy(t, want)) {
					t.Errorf("%s %s: error %q, rejected %+v\n got %v\nwant %v", version, command, r.Err, r.Rejected, toldBy(t, r), toldBy(t, want))
				}
			}
		}
	}
}

// Each uncertain layout and spelling is understood, either way it is set.
func TestUncertainLayouts(t *testing.T) {
	for _, knob := range []string{
		"rginfo_s_layout=minimal", "rginfo_s_layout=v5", "rginfo_s_layout=v71", "rginfo_m_layout=table", "rginfo_heading=state",
		"rg_state_spelling=underscore", "rg_state_spelling=short", "site_rows=yes", "clmgr_xml_layout=attributes",
		"lscluster_layout=old", "heartbeat_type=multicast", "errpt_pmig_ids=old", "errpt_pmig_ids=new",
		"lssrc_forced_down_line=no", "lpm_policy_case=upper",
	} {
		name, value, _ := strings.Cut(knob, "=")
		s := newSimWith(t, "7.2.7", map[string]string{name: value})
		c := simClient(s)
		for _, source := range everySource() {
			if r := c.Read(t.Context(), source); r.Err != "" || r.Unparsed > 0 || len(r.Unknown) > 0 {
				t.Errorf("%s: %s: error %q, not understood %+v, unknown %+v", knob, source, r.Err, r.Rejected, r.Unknown)
			}
		}
	}
}

// In no language, with LC_ALL=C obeyed or not, is anything read that is not so; what is not understood is counted.
func TestEveryLanguage(t *testing.T) {
	plain := simClient(newSim(t, "7.2.7"))
	for _, language := range sim.Languages() {
		for _, states := range []string{"no", "yes"} {
			s := newSimWith(t, "7.2.7", map[string]string{"language": language, "lc_all": "ignored", "translated_states": states})
			c := simClient(s)
			for _, source := range everySource() {
				r, want := c.Read(t.Context(), source), plain.Read(t.Context(), source)
				if r.Err != "" {
					continue
				}
				if source == model.SourceCAACounters {
					continue // they grow
				}
				got, plain := withoutTexts(toldBy(t, r)), withoutTexts(toldBy(t, want))
				for _, why := range beyond(got, plain, string(source)) {
					t.Errorf("%s, states %s: %s", language, states, why)
				}
				if !reflect.DeepEqual(got, plain) && r.Unparsed == 0 && len(r.Unknown) == 0 {
					t.Errorf("%s, states %s: %s tells something else and calls it understood: %v", language, states, source, got)
				}
			}
		}
	}
}

// withoutTexts takes out what is kept as it was printed.
func withoutTexts(v any) any {
	switch v := v.(type) {
	case map[string]any:
		delete(v, "raw")
		delete(v, "description")
		for key := range v {
			v[key] = withoutTexts(v[key])
		}
	case []any:
		for i := range v {
			v[i] = withoutTexts(v[i])
		}
	}
	return v
}

// A tool at fault is told from one that works, or tells less: never something else.
func TestFaultyTools(t *testing.T) {
	plain := simClient(newSim(t, "7.2.7"))
	for _, fault := range []string{"empty", "usage", "huge", "nul", "columns", "doubled_node", "denied", "missing", "stderr_exit0", "foreign", "cut:1", "cut:20", "cut:60", "cut:200", "cut:400"} {
		for _, source := range everySource() {
			want := plain.Read(t.Context(), source)
			s := newSimWith(t, "7.2.7", map[string]string{"output." + Tool(source): fault})
			r := simClient(s).Read(t.Context(), source)
			if r.Err != "" {
				if hasValue(r) {
					t.Errorf("%s, %s: a value beside %q", source, fault, r.Err)
				}
				continue
			}
			if source == model.SourceCAACounters || fault == "columns" && Tool(source) == "ps" {
				continue // they grow; the last column of ps is free text
			}
			if fault == "empty" && mayBeEmpty(source) || !hasValue(want) {
				continue // nothing is an answer of this source
			}
			for _, why := range beyond(withoutTexts(toldBy(t, r)), withoutTexts(toldBy(t, want)), string(source)) {
				t.Errorf("%s: %s", fault, why)
			}
			if fault == "foreign" || fault == "usage" || fault == "denied" || fault == "stderr_exit0" {
				t.Errorf("%s, %s: understood: %v", source, fault, toldBy(t, r))
			}
		}
	}
}
