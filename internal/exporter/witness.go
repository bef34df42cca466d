package exporter

import (
	"cmp"
	"slices"
	"time"

	"powerha_lpm_exporter/collector"
	"powerha_lpm_exporter/internal/config"
	"powerha_lpm_exporter/internal/episode"
	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/powerha"
)

// WitnessOptions say who is heard about migrations. The zero value hears all, and knows the entries of the error log by
// the names that AIX gives them.
type WitnessOptions struct {
	Off   []string // names of package episode
	Errpt config.Errpt
}

func witnessOptionsOf(c *config.Config) WitnessOptions {
	o := WitnessOptions{Errpt: c.Migration.Errpt}
	for _, w := range episode.Witnesses() {
		if !slices.Contains(c.Migration.Witnesses, w) {
			o.Off = append(o.Off, w)
		}
	}
	return o
}

// Heard is what has to be remembered of the witnesses to know what is new.
type Heard struct {
	Clutils ClutilsMark   `json:"clutils"`
	State   StateFileMark `json:"cl_dr_state"`
	Server  ServerMark    `json:"server"`
	HMC     HMCMark       `json:"hmc"`
}

// reconfigured takes new options over. Who is heard stays until the end of a migration that is open.
func (c *Core) reconfigured(o Options) {
	c.nextWitness = nil
	if c.Episode().Open {
		next := o.Witness
		c.nextWitness, o.Witness = &next, c.opt.Witness
	}
	c.opt, c.refold = o, true
}

// rehear takes over who is to be heard from now on.
func (c *Core) rehear() {
	if c.nextWitness != nil && !c.Episode().Open {
		c.opt.Witness, c.nextWitness, c.refold = *c.nextWitness, nil, true
	}
}

// hears reports whether that witness is heard.
func (c *Core) hears(source string) bool { return !slices.Contains(c.opt.Witness.Off, source) }

// unheard reports whether the source is a witness of migrations that the configuration leaves out. What has no errpt, as
// Linux, need not fail for it.
func (c *Core) unheard(name string, s model.Source) bool {
	if name != collector.Migration {
		return false
	}
	return s == model.SourceErrlog && !c.hears(episode.SourceErrpt) || s == model.SourceServer && !c.hears(episode.SourceServer)
}

// witnessed takes in what a witness tells.
func (c *Core) witnessed(now model.Instant, i Input) {
	switch i := i.(type) {
	case ClutilsRead:
		c.clutilsRead(i)
	case StateFileSeen:
		c.stateFileSeen(i)
	case SigReconfig:
		c.sigReconfig(now, i)
	case HMCSeen:
		c.hmcSeen(i.View)
	}
}

// fuse makes migrations of what is known. One that goes on, and that only those told of who are not heard any more, is
// none: they misled.
func (c *Core) fuse(now model.Instant) []model.Episode {
	var dr []model.EpisodeEvent
	if c.hears(episode.SourceDR) {
		dr = c.dr
	}
	o := episode.Options{Now: now.Wall, CheckExpires: c.opt.CheckExpires, Patience: c.opt.ScriptTimeout}
	all := episode.Fuse(dr, c.observed, o)
	n := len(all)
	if n == 0 || !all[n-1].Open || slices.ContainsFunc(all[n-1].Witnesses, func(w string) bool { return w != episode.SourceClock && c.hears(w) }) {
		return all
	}
	from := all[n-1].Start
	return episode.Fuse(dr, slices.DeleteFunc(slices.Clone(c.observed), func(e model.EpisodeEvent) bool {
		return !c.hears(e.Source) && !e.Time.Before(from)
	}), o)
}

// testify notes an event that a witness told, under the id of the episode that it is about; it returns that id. An event
// that names none gets the one in whose time it lies, or a new one.
func (c *Core) testify(source string, kind model.EventKind, at time.Time, id string, details map[string]string) string {
	e := model.EpisodeEvent{
		Version: episode.Version, Time: at.UTC(), Event: kind, Source: source, Episode: id, Details: details,
	}
	if e.Episode == "" {
		e.Episode = episode.NewID(c.state.Node, at)
		if ep := episode.Of(c.episodes, e); ep != nil {
			e.Episode = ep.ID
		}
	}
	c.observe(e)
	return e.Episode
}

// inform fills in what PowerHA's own script found before it changed anything, where this exporter was not there to see it.
func (c *Core) inform(s powerha.ClDRState) {
	if !c.migrating() {
		return // it may be left of long ago
	}
	var b Settings
	if c.state.Before != nil {
		b = *c.state.Before
	}
	was := b
	b.NodeTimeout = cmp.Or(b.NodeTimeout, s.NodeTimeout)
	b.DeadmanMode = cmp.Or(b.DeadmanMode, s.DeadmanMode)
	b.Switch = cmp.Or(b.Switch, s.LocalSwitch)
	if p, ok := c.onlyPeer(); ok && b.Peer == "" {
		b.Peer, b.PeerSwitch = p.Node, s.PeerSwitch
	}
	if b != was {
		c.state.Before, c.dirty = &b, true
	}
}
