package exporter

import (
	"fmt"
	"time"

	"powerha_lpm_exporter/collector"
	"powerha_lpm_exporter/internal/config"
	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/probe"
)

// OptionsOf takes from the configuration what concerns the exporter.
func OptionsOf(c *config.Config, enabled map[string]bool, loaded time.Time) (Options, error) {
	probes, err := probe.Specs(c.Probes)
	if err != nil {
		return Options{}, fmt.Errorf("%s: %w", c.Path, err)
	}
	return Options{
		Cluster: c.Cluster.Name, Node: c.Cluster.Node,
		Interval: time.Duration(c.Cluster.Interval), Timeout: time.Duration(c.Cluster.Timeout),
		CheckExpires:  time.Duration(c.Migration.CheckExpires),
		FactAge:       time.Duration(c.Migration.FactAge),
		ScriptTimeout: time.Duration(c.Migration.ProductScriptTimeout),
		WindowCap:     time.Duration(c.Migration.SLOWindowCap),
		Enabled:       enabled, Probes: probes,
		LPMPolicy:    model.Policy(c.Variables.LPMPolicy),
		LPMHeartbeat: time.Duration(c.Variables.HeartbeatFrequencyDuringLPM),
		EventLogs:    c.Cluster.Logs.ClusterLog != "" || c.Cluster.Logs.HacmpOut != "",
		Witness:      witnessOptionsOf(c),
		Config:       collector.ConfigState{Hash: c.Hash, LoadedAt: loaded},
	}, nil
}
