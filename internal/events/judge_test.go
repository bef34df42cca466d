package events

import (
	"slices"
	"testing"

	"powerha_lpm_exporter/internal/model"
)

func TestJudge(t *testing.T) {
	one, zero := 1, 0
	start, completed, failed := model.ClusterEventStart, model.ClusterEventCompleted, model.ClusterEventFailed
	tests := []struct {
		step  model.ClusterEventStep
		name  string
		args  []string
		exit  *int
		ended bool
		want  Why
		kind  string
	}{
		{start, "admin_op", []string{"clrm_stop_request", "n1"}, nil, false, WhyAsked, "other"},
		{start, "node_down", []string{"n1", "forced"}, nil, false, WhyAsked, "node_down"},
		{start, "node_down", []string{"n1"}, nil, false, WhyNodeDown, "node_down"},
		{start, "node_down_remote", []string{"n1"}, nil, false, WhyNodeDown, "node_down"},
		{start, "node_down_complete", []string{"n1"}, nil, false, WhyNodeDown, ""},
		{completed, "node_down", []string{"n1"}, &zero, false, WhyPart, ""},
		{start, "node_up", []string{"n1"}, nil, true, WhyRejoins, "node_up"},
		{start, "node_up", []string{"n2"}, nil, true, WhyOtherNodeUp, "node_up"},
		{start, "rg_move_acquire", []string{"n1", "1"}, nil, true, WhyResumed, "rg_move"},
		{start, "rg_move_acquire", []string{"n2", "1"}, nil, true, WhyMoved, "rg_move"},
		{start, "rg_move_acquire", []string{"n1", "1"}, nil, false, WhyMoved, "rg_move"},
		{start, "rg_move_fence", []string{"n1", "1"}, nil, false, WhyMoved, ""},
		{start, "start_server", []string{"app"}, nil, true, WhyResumed, "other"},
		{start, "start_server", []string{"app"}, nil, false, WhyMoved, "other"},
		{start, "server_restart", []string{"n1", "app"}, nil, true, WhyApplication, "server_restart"},
		{start, "server_down", []string{"n1", "app"}, nil, false, WhyApplication, "server_down"},
		{start, "network_down", []string{"n1", "net_ether_01"}, nil, false, WhyNetwork, "network_down"},
		{start, "fail_interface", []string{"n1", "en0"}, nil, false, WhyNetwork, "other"},
		{start, "network_up", []string{"n1", "net_ether_01"}, nil, false, WhyRecovery, "network_up"},
		{start, "site_down", []string{"s1"}, nil, false, WhySite, "site_down"},
		{start, "config_too_long", []string{"360", "/usr/es/sbin/cluster/events/node_down.rp"}, nil, false, WhyTooLong, "config_too_long"},
		{start, "unstable_too_long", nil, nil, false, WhyTooLong, "config_too_long"},
		{start, "forced_down_too_long", []string{"n1"}, nil, false, WhyForgotten, "forced_down_too_long"},
		{start, "event_error", []string{"1"}, nil, false, WhyFailed, "event_failed"},
		{failed, "start_server", []string{"app"}, &one, true, WhyFailed, "event_failed"},
		{completed, "node_up", []string{"n1"}, &one, true, WhyFailed, "event_failed"},
		{start, "cluster_notify", nil, nil, false, WhyOther, "other"},
		{model.ClusterEventNoted, "SRC_SVKO", nil, nil, false, WhyFault, "fault"},
	}
	reached, unwantedKinds := make(map[Why]bool), make(map[string]bool)
	for _, tt := range tests {
		e := model.ClusterEvent{Step: tt.step, Name: tt.name, Args: tt.args, Exit: tt.exit}
		unwanted, why := Judge(e, Context{Node: "n1", Ended: tt.ended})
		reached[why] = true
		if kind := Kind(e); unwanted && kind != "" {
			unwantedKinds[kind] = true
		}
		if why != tt.want || unwanted != (slices.Index(Whys(), why) > slices.Index(Whys(), WhyOther)) {
			t.Errorf("%s %s %v, ended %v: %v, %s", tt.step, tt.name, tt.args, tt.ended, unwanted, why)
		}
		if k := Kind(e); k != tt.kind || k != "" && !slices.Contains(Kinds(), k) {
			t.Errorf("%s %s counts as %q, want %q", tt.step, tt.name, k, tt.kind)
		}
	}
	for k := range unwantedKinds {
		if !slices.Contains(UnwantedKinds(), k) {
			t.Errorf("an event that counts as %s is unwanted", k)
		}
	}
	for _, w := range Whys() {
		if !reached[w] {
			t.Errorf("no test reaches %s", w)
		}
	}
}
