package main

import (
	"fmt"
	"strconv"
	"time"

	"powerha_lpm_exporter/internal/advise"
	"powerha_lpm_exporter/internal/model"
)

// setting is one of the cluster's that the advice weighs.
type setting struct {
	Name    string  `json:"name"`
	Seconds float64 `json:"seconds"`
	From    string  `json:"from"` // a constant below
}

// Where a setting is from.
const (
	fromCluster = "cluster"
	fromFlag    = "flag"
	fromDefault = "default" // the cluster did not say: PowerHA's default
	fromAbsent  = "absent"  // PowerHA before 7.2 has no such variable: what is in force then
)

// PowerHA's defaults (clmgr(1); SG24-8278 figure 8-4).
const (
	defaultHeartbeat = 30 * time.Second
	defaultGrace     = 10 * time.Second
)

const lpmVariable = "HEARTBEAT_FREQUENCY_DURING_LPM"

// adviseSettings finds the settings: what was typed, else what the cluster says now, else the product's defaults.
func (t *tool) adviseSettings(f adviseFlags, a *advised) advise.Settings {
	a.Cluster, a.Node = f.cluster, t.cfg.Cluster.Node
	if a.Cluster == "" {
		a.Cluster = t.cfg.Cluster.Name
	}
	var c model.Cluster
	if !f.heartbeat.set || !f.grace.set || !f.lpm.set {
		l := t.live(model.SourceCluster)
		a.Errors = append(a.Errors, l.Errors...)
		if r := l.Readings[model.SourceCluster].Cluster; r != nil {
			c, a.NoVariable = *r, !r.HasLPM
		}
		if l.Node != "" {
			a.Node = l.Node
		}
		if a.Cluster == "" {
			a.Cluster = c.Name
		}
		a.Version = c.Version
	}
	take := func(name string, flag span, read *time.Duration, otherwise time.Duration) time.Duration {
		s := setting{Name: name, From: fromDefault}
		v := otherwise
		switch {
		case flag.set:
			v, s.From = flag.D(), fromFlag
		case read != nil:
			v, s.From = *read, fromCluster
		}
		s.Seconds = v.Seconds()
		a.Settings = append(a.Settings, s)
		return v
	}
	s := advise.Settings{
		Heartbeat: take("HEARTBEAT_FREQUENCY", f.heartbeat, c.HeartbeatFrequency, defaultHeartbeat),
		Grace:     take("GRACE_PERIOD", f.grace, c.GracePeriod, defaultGrace),
	}
	if a.NoVariable && !f.lpm.set {
		s.LPM = s.Heartbeat
		a.Settings = append(a.Settings, setting{lpmVariable, s.LPM.Seconds(), fromAbsent})
		return s
	}
	s.LPM = take(lpmVariable, f.lpm, c.LPMHeartbeat, 0)
	return s
}

// adviseCommands writes down what carries the advice out, where it differs from what is.
func (t *tool) adviseCommands(a *advised, now advise.Settings) {
	want := max(a.Recommended, a.Meanwhile)
	if want == a.inForce() {
		return
	}
	if a.NoVariable {
		const set = "clmgr -f modify cluster HEARTBEAT_FREQUENCY=%d"
		a.Commands = []string{fmt.Sprintf(set, want), fmt.Sprintf(set, int(now.Heartbeat/time.Second))}
		return
	}
	ha := cluster(t.cfg, t.clk)
	if act, err := ha.SetVariable("advise", lpmVariable, strconv.Itoa(want)); err == nil {
		a.Commands = []string{shell(act.Argv), shell(ha.Sync("advise").Argv)}
	}
	a.Configuration = fmt.Sprintf("variables: {heartbeat_frequency_during_lpm: %ds}", want)
}
