package config

import (
	"slices"
	"strings"
	"testing"
)

func TestWitnesses(t *testing.T) {
	const gated = "migration: {mode: gated, witnesses: [errpt]}\nprobes: [{application: a, name: n, type: tcp, target: \"h:1\"}]\nconfirmation: {prometheus_urls: [\"http://p\"]}\n"
	for name, tc := range map[string]struct{ text, want string }{
		"all by default":          {"", ""},
		"one":                     {"migration: {witnesses: [errpt]}", ""},
		"none":                    {"migration:\n  witnesses: []\n", "f.yml:2: migration.witnesses: is empty, so no migration would ever be seen"},
		"not known":               {"migration:\n  witnesses:\n    - errpt\n    - errlog\n", `f.yml:4: migration.witnesses[1]: "errlog" is not one of: dr, sigreconfig, errpt`},
		"twice":                   {"migration: {witnesses: [dr, dr]}", `f.yml:1: migration.witnesses[1]: "dr" stands twice`},
		"gated without dr":        {gated, "f.yml:1: migration.witnesses: lacks dr, but migration.mode is gated"},
		"signal":                  {"migration: {sigreconfig: veto}", `migration.sigreconfig: "veto" is not one of: acknowledge, observe, ignore`},
		"signal ignored":          {"migration: {sigreconfig: ignore}", ""},
		"relative clutils.log":    {"cluster: {logs: {clutils_log: clutils.log}}", "cluster.logs.clutils_log"},
		"no clutils.log":          {"cluster: {logs: {clutils_log: \"\", cl_dr_state: \"\"}}", ""},
		"own names":               {"migration: {errpt: {started: [MY_START@vio0], done: [0A0B0C0D], aborted: []}}", ""},
		"no start":                {"migration:\n  errpt:\n    started: []\n", "f.yml:3: migration.errpt.started: is empty"},
		"a sentence":              {"migration: {errpt: {done: [\"Client Partition Migration Completed\"]}}", "migration.errpt.done[0]: \"Client Partition Migration Completed\" is no label or identifier"},
		"one name for two things": {"migration: {errpt: {started: [A1], done: [A1]}}", "migration.errpt.done[0]: \"A1\" stands in migration.errpt.started already"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse("f.yml", []byte(tc.text))
			if (err == nil) != (tc.want == "") || err != nil && !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %s", err, tc.want)
			}
		})
	}
}

func TestErrptResources(t *testing.T) {
	e := Default().Migration.Errpt
	if got := e.Resources(); got != nil {
		t.Errorf("AIX's own names are asked for by resource: %v", got)
	}
	e.Started = append(slices.Clone(e.Started), "MY_START@vio0", "MY_OTHER@vio0")
	if got := e.Resources(); !slices.Equal(got, []string{"pmig", "vio0"}) {
		t.Errorf("got %v", got)
	}
}
