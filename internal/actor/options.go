package actor

import (
	"slices"
	"time"

	"powerha_lpm_exporter/internal/config"
	"powerha_lpm_exporter/internal/decide"
	"powerha_lpm_exporter/internal/model"
)

// ScriptName is the base name under which our DR script is registered; it sorts before PowerHA's cl_dr.
const ScriptName = "aa_powerha_lpm"

// ackWait is how long a prepare waits for peers to store the record.
const ackWait = 5 * time.Second

// drmgrMargin is what prepare leaves of the time that was registered with drmgr (S8).
const drmgrMargin = 5 * time.Second

// OptionsOf returns what the configuration says to the core.
func OptionsOf(c *config.Config, node string, dryRun bool) Options {
	m := c.Migration
	o := Options{
		Cluster: c.Cluster.Name, Node: node, Interval: c.Cluster.Interval.D(), AckWait: ackWait,
		PrepareTimeout: m.PrepareTimeout.D() - drmgrMargin, OnUnfinishedPrepare: m.OnUnfinishedPrepare, Preflight: m.Preflight, OnUnhealthy: m.OnUnhealthy, Errpt: m.Errpt,
		Policy: decide.Policy{
			Mode: decide.Mode(m.Mode), DryRun: dryRun, FactAge: m.FactAge.D(), ProductScriptTimeout: m.ProductScriptTimeout.D(),
			SuspensionDeadline: m.SuspensionDeadline.D(), MinimumStable: c.Confirmation.MinimumStable.D(),
			MaximumSampleAge: c.Confirmation.MaximumSampleAge.D(), Prometheus: len(c.Confirmation.PrometheusURLs), Script: ScriptName,
			FailoverMode: c.Failover.Mode,
			Variables: decide.Variables{
				LPMPolicy: model.Policy(c.Variables.LPMPolicy), LPMHeartbeat: c.Variables.HeartbeatFrequencyDuringLPM.D(),
				Apply: c.Variables.Apply, Sync: c.Variables.Sync,
			},
		},
	}
	for _, p := range c.Probes {
		switch {
		case p.Vantage == "peer":
		case p.ResourceGroup == "":
			o.Policy.ProbesAll = true
		default:
			o.Policy.ProbedGroups = append(o.Policy.ProbedGroups, p.ResourceGroup)
		}
	}
	for peer := range c.Actors.Targets {
		if peer != node {
			o.Peers = append(o.Peers, peer)
		}
	}
	slices.Sort(o.Peers)
	return o
}
