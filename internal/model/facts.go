package model

import "time"

// Facts is the latest knowledge of one node about its cluster: per source the
// last reading that was understood and the last attempt.
type Facts struct {
	Good map[Source]Reading `json:"good"`
	Last map[Source]Reading `json:"last"`
}

// Apply takes a reading in. A failed one never erases the last good value.
// A reading that began before the one already held is dropped.
func (f *Facts) Apply(r Reading) {
	if f.Good == nil {
		f.Good, f.Last = make(map[Source]Reading), make(map[Source]Reading)
	}
	if last, ok := f.Last[r.Source]; ok && r.At.Before(last.At) {
		return
	}
	f.Last[r.Source] = r
	if r.Err == "" {
		f.Good[r.Source] = r
	}
}

// Get returns the last reading of the source that was understood.
func (f *Facts) Get(s Source) (Reading, bool) {
	r, ok := f.Good[s]
	return r, ok
}

// Fresh returns the last understood reading if it began no longer than maxAge
// ago and no later attempt failed.
func (f *Facts) Fresh(s Source, now Instant, maxAge time.Duration) (Reading, bool) {
	r, ok := f.Good[s]
	if !ok || f.Last[s].Err != "" || now.Sub(r.At) > maxAge {
		return Reading{}, false
	}
	return r, true
}

// Since returns the last understood reading if it began at or after t and no
// later attempt failed. It is how an act is read back.
func (f *Facts) Since(s Source, t Instant) (Reading, bool) {
	r, ok := f.Good[s]
	if !ok || f.Last[s].Err != "" || r.At.Before(t) {
		return Reading{}, false
	}
	return r, true
}

// NodeState returns the state of the named node in a reading of SourceNodes.
func (r Reading) NodeState(name string) NodeState {
	for _, n := range r.Nodes {
		if n.Name == name {
			return n.State
		}
	}
	return NodeUnknown
}

// Owners returns, for each group of a reading of SourceGroups, the nodes on
// which it is online, and whether any row of it is unmanaged (then owners
// cannot be told from the table).
func (r Reading) Owners() (owners map[string][]string, unmanaged map[string]bool) {
	owners, unmanaged = make(map[string][]string), make(map[string]bool)
	for _, g := range r.Groups {
		if _, ok := owners[g.Group]; !ok {
			owners[g.Group] = nil
		}
		if g.Secondary {
			continue
		}
		switch g.State {
		case GroupOnline:
			owners[g.Group] = append(owners[g.Group], g.Node)
		case GroupUnmanaged:
			unmanaged[g.Group] = true
		case GroupOffline, GroupAcquiring, GroupReleasing, GroupError, GroupTemporaryError, GroupUnknown:
		}
	}
	return owners, unmanaged
}
