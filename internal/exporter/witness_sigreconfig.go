package exporter

import (
	"powerha_lpm_exporter/internal/episode"
	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/sigreconfig"
)

// SigReconfig: the system told of a reconfiguration.
type SigReconfig struct{ Event sigreconfig.Event }

func (SigReconfig) input() {}

// sigReconfig takes in what the signal tells. Scripts have their turn before applications in each phase (the order in
// which drmgr logs them), so its pre means that the scripts are through. Where the system does not tell what is
// reconfigured, everything is looked at.
func (c *Core) sigReconfig(now model.Instant, s SigReconfig) {
	if !c.hears(episode.SourceSigreconfig) {
		return
	}
	if s.Event.Err != "" && !s.Event.Info.Migrate {
		c.hurry(now)
		return
	}
	for _, kind := range s.Event.Info.Events() {
		var details map[string]string
		if kind == model.EventPre {
			details = map[string]string{episode.DetailStage: episode.StageEnd}
		}
		c.testify(episode.SourceSigreconfig, kind, s.Event.At.Wall, "", details)
	}
}
