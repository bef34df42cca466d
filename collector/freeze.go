package collector

import (
	"time"

	"powerha_lpm_exporter/internal/model"
)

func freeze(e *emitter, v *View) {
	for _, by := range e.table["powerha_lpm_freeze_duration_seconds"].States {
		e.histogram("powerha_lpm_freeze_duration_seconds", v.Freezes[by], by)
	}
	if f := v.LastFreeze; f != nil {
		lastFreeze(e, f)
	}
	limits := e.table["powerha_lpm_freeze_budget_limit"].States
	for _, b := range v.Budgets {
		e.seconds("powerha_lpm_freeze_budget_seconds", b.Longest, b.Scope)
		for _, l := range limits {
			e.bool("powerha_lpm_freeze_budget_limit", l == b.Limit, b.Scope, l)
		}
	}
}

func lastFreeze(e *emitter, f *model.Freeze) {
	estimate := func(by string, d *time.Duration, bound time.Duration) {
		if d == nil {
			return
		}
		e.seconds("powerha_lpm_last_freeze_duration_seconds", *d, by)
		e.time("powerha_lpm_last_freeze_start_timestamp_seconds", f.Start, by)
		e.seconds("powerha_lpm_last_freeze_error_bound_seconds", bound, by)
	}
	estimate(ByClock, f.Clock, f.ClockBound)
	estimate(ByPeer, f.Peer, f.PeerBound)
	estimate(ByFused, f.Fused, f.FusedBound)
	e.bool("powerha_lpm_freeze_visible", f.Clock != nil, "clock")
	e.bool("powerha_lpm_freeze_visible", f.Peer != nil, "peer")
	e.bool("powerha_lpm_freeze_visible", false, "rtc") // no clock chip is watched
	e.optional("powerha_lpm_last_brownout_duration_seconds", f.Brownout)
}
