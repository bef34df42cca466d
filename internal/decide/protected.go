package decide

import (
	"strings"
	"time"

	"powerha_lpm_exporter/internal/model"
)

// defaultLPMTimeout is what the product uses while HEARTBEAT_FREQUENCY_DURING_LPM was never set.
const defaultLPMTimeout = 600 * time.Second

// unprotectedGrace is how long PowerHA's script may take, once it is not seen to run, before people are told that
// the node is unmanaged only.
const unprotectedGrace = 60 * time.Second

// ProtectedSources are the facts by which protection is judged.
func ProtectedSources() []model.Source {
	return []model.Source{model.SourceNodes, model.SourceCluster, model.SourceNodeTimeout, model.SourceDeadmanMode, model.SourceGroupServices, model.SourceProcesses}
}

// protected judges an open migration of an unmanaged node (S13): protected
// means read back, with the node timeout in force equal to the LPM value and
// every dead man switch off, on a peer of two nodes as well.
func protected(in Input) Decision {
	reason := protection(in)
	if reason == ReasonProtected {
		return Decision{
			What: WhatProtectOK, Reason: reason, State: StateProtected,
			Next: "The migration runs; when it has ended and PowerHA's script is done, health is confirmed.",
		}
	}
	d := Decision{
		What: WhatWait, Reason: reason, State: StateUnmanagedOnly, Need: in.missing(ProtectedSources()...),
		Next: "The node is unmanaged, but not every protection of PowerHA's script is seen yet.",
	}
	running, known := productRunning(in)
	u := in.Seen.UnprotectedSince
	d.Page = known && !running && reason != ReasonFactsStale && !u.IsZero() && in.since(u) > unprotectedGrace
	return d
}

// Protection says whether the suspended node is protected, or what lacks.
func protection(in Input) Reason {
	c, ok1 := in.fresh(model.SourceCluster)
	t, ok2 := in.fresh(model.SourceNodeTimeout)
	m, ok3 := in.fresh(model.SourceDeadmanMode)
	s, ok4 := in.fresh(model.SourceGroupServices)
	switch {
	case !ok1 || !ok2 || !ok3 || !ok4 || c.Cluster == nil || s.DeadManSwitch == nil:
		return ReasonFactsStale
	case t.NodeTimeout != lpmTimeout(*c.Cluster):
		return ReasonNodeTimeout
	case *s.DeadManSwitch:
		return ReasonSwitchArmed
	case m.DeadmanMode != "e":
		return ReasonDeadmanMode
	}
	return peerSwitch(in)
}

func lpmTimeout(c model.Cluster) time.Duration {
	if c.LPMHeartbeat == nil || *c.LPMHeartbeat == 0 {
		return defaultLPMTimeout
	}
	return *c.LPMHeartbeat
}

// peerSwitch: in a cluster of two nodes PowerHA's script stops the peer's switch as well; its actor tells.
func peerSwitch(in Input) Reason {
	if in.Track == nil || in.Track.Record == nil || len(in.Track.Record.Peers) != 1 {
		return ReasonProtected
	}
	p, ok := in.Peers[in.Track.Record.Peers[0]]
	switch {
	case !ok || !p.Reachable || p.DeadManSwitch == nil || in.since(p.At) > 2*in.Policy.FactAge:
		return ReasonPeerUnknown
	case *p.DeadManSwitch:
		return ReasonPeerSwitchArmed
	}
	return ReasonProtected
}

// productRunning reports whether PowerHA's script or drmgr is among the processes.
func productRunning(in Input) (running, known bool) {
	r, ok := in.fresh(model.SourceProcesses)
	if !ok {
		return false, false
	}
	return ProductRunning(r), true
}

// ProductRunning reports whether drmgr or cl_dr is among the processes of a
// reading of SourceProcesses: as the program itself, or as the script that a
// shell runs.
func ProductRunning(r model.Reading) bool {
	for _, p := range r.Processes {
		words := strings.Fields(p.Args)
		for i, word := range words {
			if i > 2 {
				break
			}
			switch word[strings.LastIndexByte(word, '/')+1:] {
			case "drmgr":
				// drmgr -l is a question, and often ours.
				if i+1 == len(words) || words[i+1] != "-l" {
					return true
				}
			case "cl_dr", "cl_2dr":
				return true
			}
		}
	}
	return false
}
