package powerha

import (
	"strings"
	"time"

	"powerha_lpm_exporter/internal/model"
)

// ClDRState is what PowerHA's own DR script found before it changed anything for a migration. What it did not save, or
// what is not understood, is the zero value.
type ClDRState struct {
	NodeState   model.NodeState // of this node, "" where not saved
	NodeTimeout time.Duration   // CAA's node_timeout; 0 where not saved
	DeadmanMode string          // "a" or "e"
	LocalSwitch *bool           // the dead man switch of Group Services here
	PeerSwitch  *bool           // … on the other node of a cluster of two
}

// ParseClDRState reads /var/hacmp/cl_dr.state (SG24-8278 ex. 8-20, PowerHA 7.2): lines name=value, as
//
//	node_state=NORMAL
//	RSCT_local_DMS_state=Enabled
//
// and the node timeout in milliseconds, whose name is not printed there: any that ends in node_timeout is taken. unparsed
// counts lines that are no name=value, and values that are not understood. Names that are not known are passed over.
func ParseClDRState(b []byte) (s ClDRState, unparsed int) {
	for line := range lines(b) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		if !ok || !s.set(strings.TrimSpace(name), unquote(value)) {
			unparsed++
		}
	}
	return s, unparsed
}

func (s *ClDRState) set(name, value string) bool {
	switch name = strings.ToLower(name); {
	case name == "node_state":
		s.NodeState = savedNodeState(value)
		return s.NodeState != model.NodeUnknown
	case name == "rsct_local_dms_state":
		return setSwitch(&s.LocalSwitch, value)
	case name == "rsct_peer_dms_state":
		return setSwitch(&s.PeerSwitch, value)
	case strings.HasSuffix(name, "node_timeout"):
		ms, ok := number(value)
		s.NodeTimeout = time.Duration(ms) * time.Millisecond
		return ok
	case strings.HasSuffix(name, "deadman_mode"):
		ok := value == "a" || value == "e"
		if ok {
			s.DeadmanMode = value
		}
		return ok
	}
	return true
}

func setSwitch(to **bool, value string) bool {
	v, ok := truth(value)
	if ok {
		*to = &v
	}
	return ok
}

func savedNodeState(word string) model.NodeState {
	for _, s := range model.NodeStates() {
		if strings.EqualFold(string(s), word) {
			return s
		}
	}
	return model.NodeUnknown
}
