package collector

import (
	"time"

	"powerha_lpm_exporter/internal/model"
)

func freeze(e *emitter, v *View) {
	for _, by := range e.table["powerha_lpm_freeze_duration_seconds"].States {
		e.histogram("powerha_lpm_freeze_duration_seconds", v.Freezes[by], by)
	}
	last := model.Freeze{}
	if v.LastFreeze != nil {
		last = *v.LastFreeze
	}
	lastFreeze(e, &last)
	for _, b := range v.Budgets {
		if b.Limit != "unknown" {
			e.seconds("powerha_lpm_freeze_budget_seconds", b.Longest, b.Scope)
		}
		e.state("powerha_lpm_freeze_budget_limit", b.Limit, b.Scope)
	}
}

func lastFreeze(e *emitter, f *model.Freeze) {
	estimate := func(by string, d *time.Duration, bound time.Duration) {
		if d == nil {
			return
		}
		e.seconds("powerha_lpm_last_freeze_duration_seconds", *d, by)
		e.seconds("powerha_lpm_last_freeze_error_bound_seconds", bound, by)
	}
	estimate(ByClock, f.Clock, f.ClockBound)
	estimate(ByPeer, f.Peer, f.PeerBound)
	estimate(ByFused, f.Fused, f.FusedBound)
	if f.Fused != nil {
		e.time("powerha_lpm_last_freeze_start_timestamp_seconds", f.Start, ByFused)
	}
	e.bool("powerha_lpm_freeze_visible", f.Visible.Clock, "clock")
	e.bool("powerha_lpm_freeze_visible", f.Visible.Peer, "peer")
	e.bool("powerha_lpm_freeze_visible", f.Visible.RTC, "rtc")
	e.optional("powerha_lpm_freeze_disagreement_seconds", f.Disagreement)
	e.optional("powerha_lpm_last_brownout_duration_seconds", f.Brownout)
}
