package exporter

import (
	"slices"

	"powerha_lpm_exporter/internal/crosscheck"
	"powerha_lpm_exporter/internal/model"
)

// compare lets the witnesses of each fact be compared, after one of them was read or could not be. Where they differ for
// the first time, the ones that are read seldom are read again soon.
func (c *Core) compare(now model.Instant) {
	in := crosscheck.Input{
		Node: c.state.Node, Phase: c.phase, Readings: make(map[model.Source]model.Reading), MaxApart: c.opt.Interval, Owners: c.state.Owners,
		PeerMoving: slices.ContainsFunc(c.peers, onTheWay),
	}
	for _, r := range crosscheck.Rules() {
		for _, s := range [...]model.Source{r.Wins, r.Other} {
			if reading, ok := c.asRead(now, s); ok && c.facts.Last[s].Err == "" {
				in.Readings[s] = reading
			}
		}
	}
	if c.drErr == "" && c.drRead {
		untold := c.unknownToDR()
		in.Untold = &untold
	}
	c.cross.Step(crosscheck.Compare(in))
	for _, s := range c.cross.Doubted() {
		c.sooner(s)
	}
}

// onTheWay: the peer is migrating, or was when it was last heard.
func onTheWay(p model.PeerStatus) bool { return underWay(p.Phase) }

// believed puts what the believed source says in place of what another one does.
func (c *Core) believed(now model.Instant, cluster model.Reading) model.Reading {
	if cluster.Cluster == nil {
		return cluster
	}
	v := *cluster.Cluster
	if c.cross.Disagrees(crosscheck.Variables, model.SourcePolicyODM, model.SourceCluster) {
		if odm, ok := c.asRead(now, model.SourcePolicyODM); ok {
			v.LPMPolicy = odm.PolicyODM
		}
	}
	if c.cross.Disagrees(crosscheck.Variables, model.SourceTimeoutODM, model.SourceCluster) {
		if odm, ok := c.asRead(now, model.SourceTimeoutODM); ok {
			v.LPMHeartbeat = odm.TimeoutODM
		}
	}
	cluster.Cluster = &v
	return cluster
}

// disagree tells of the facts that have two sources whether these disagree, and what they say where they do.
func (c *Core) disagree() (map[string]bool, map[string]string) {
	out, texts := make(map[string]bool), make(map[string]string)
	for f, d := range c.cross.Disagree() {
		out[string(f)] = d
	}
	for f, text := range c.cross.Texts() {
		texts[string(f)] = text
	}
	return out, texts
}
