package exporter

import (
	"slices"

	"powerha_lpm_exporter/internal/model"
)

// maxHistory is how many freezes are remembered for advice: years of migrations, in less than 320 KiB.
const maxHistory = 2000

// remember adds to the history. What makes room is the oldest freeze outside migrations, so that a node that hiccups
// does not forget its migrations; without one the oldest of all.
func remember(history []model.FreezeRecord, r model.FreezeRecord) []model.FreezeRecord {
	history = append(history, r)
	if len(history) <= maxHistory {
		return history
	}
	i := max(0, slices.IndexFunc(history, func(h model.FreezeRecord) bool { return h.Episode == "" }))
	return slices.Delete(history, i, i+1)
}

func recordOf(f model.Freeze) model.FreezeRecord {
	return model.FreezeRecord{Start: f.Start.UTC(), Episode: f.Episode, Fused: f.Fused, Bound: f.FusedBound, Doubt: f.Doubt}
}
