package episode

import "powerha_lpm_exporter/internal/model"

func (f *folder) check(e item) {
	switch ep := f.current(); {
	case ep == nil:
		f.open(e, model.PhaseChecking, WhyChecked).Provisional = true
	case ep.Provisional:
		hear(ep, e)
		if e.Time.After(ep.PhaseStart) {
			ep.PhaseStart = e.Time
		}
	default:
		hear(ep, e)
	}
}

func (f *folder) pre(e item) {
	ep := f.current()
	if e.Details[DetailStage] == StageEnd {
		if ep == nil || ep.Pre.IsZero() {
			// The begin was lost; but of a migration that has ended already it is late news.
			if known := f.named(e.Episode); known != nil && !known.Open {
				return
			}
			ep = f.promote(e)
		}
		hear(ep, e)
		setPhase(ep, model.PhaseMigrating, e.Time, WhyMoving)
		return
	}
	if ep == nil || ep.Pre.IsZero() {
		f.promote(e)
		return
	}
	hear(ep, e)
	if e.role != authority && (ep.Phase == model.PhaseMigrating || overdue(ep)) {
		return // another script's pre: ours, or a witness of the move, has told more
	}
	setPhase(ep, model.PhasePreparing, e.Time, WhyPrepared)
}

// promote makes the open check or window a migration, or opens one.
func (f *folder) promote(e item) *model.Episode {
	ep := f.current()
	if ep == nil {
		ep = f.open(e, model.PhasePreparing, WhyPrepared)
	}
	hear(ep, e)
	setPhase(ep, model.PhasePreparing, e.Time, WhyPrepared)
	ep.Provisional, ep.Pre = false, e.Time
	return ep
}

func (f *folder) begin(e item) {
	ep := f.current()
	if ep == nil || ep.Provisional {
		if ep == nil {
			ep = f.open(e, model.PhasePreparing, WhyWindow)
		}
		ep.Provisional = false
		setPhase(ep, model.PhasePreparing, e.Time, WhyWindow)
	}
	hear(ep, e)
	ep.Window = true
}

func (f *folder) start(e item) {
	ep := f.current()
	if ep == nil && e.role == authority {
		// The error log has whole seconds, so a start that it tells late may seem to lie a little before the end.
		if n := len(f.all); n > 0 && !f.all[n-1].End.IsZero() && e.Time.Before(f.all[n-1].End.Add(coarse)) {
			hear(&f.all[n-1], e)
			return
		}
	}
	if ep == nil || ep.Pre.IsZero() {
		checked := ep != nil && ep.Provisional && heardOf(ep, SourceDR)
		ep = f.promote(e)
		if checked {
			return // the script that checked has its premigrate to tell yet: the node is only being prepared
		}
	}
	hear(ep, e)
	if e.role != authority && overdue(ep) {
		return
	}
	setPhase(ep, model.PhaseMigrating, e.Time, WhyMoving)
}

func (f *folder) freeze(e item) {
	if ep := f.current(); ep != nil && !ep.Pre.IsZero() && !overdue(ep) {
		setPhase(ep, model.PhaseMigrating, e.Time, WhyFrozen)
	}
}

// overdue: another witness told the end already, and dr's word is awaited.
func overdue(ep *model.Episode) bool { return ep.Why == WhyEndAwaited }

// begins and ends sort the events by what they tell.
func begins(k model.EventKind) bool {
	switch k {
	case model.EventCheck, model.EventPre, model.EventStarted, model.EventBegin:
		return true
	default:
		return false
	}
}

func ends(k model.EventKind) bool {
	switch k {
	case model.EventPost, model.EventDone, model.EventUndoPre, model.EventAborted, model.EventMoved, model.EventRebooted, model.EventEnd:
		return true
	default:
		return false
	}
}
