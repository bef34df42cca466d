package exporter

import "powerha_lpm_exporter/internal/model"

// HMCSeen: an HMC was asked about this node's partition.
type HMCSeen struct{ View model.HMCView }

func (HMCSeen) input() {}
