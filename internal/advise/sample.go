package advise

import (
	"cmp"
	"math"
	"slices"
	"time"

	"powerha_lpm_exporter/internal/model"
)

// Include says what counts that is left out otherwise.
type Include struct {
	Outside  bool `json:"outside"`  // freezes outside migrations, each as a migration of its own
	Doubtful bool `json:"doubtful"` // freezes of low confidence
}

// Sample is what the advice is made of.
type Sample struct {
	N int `json:"n"` // migrations with a measured freeze
	// Since and Until are the starts of the first and the last freeze in it. Zero when nothing dates them.
	Since time.Time `json:"since"`
	Until time.Time `json:"until"`
	Nodes []string  `json:"nodes,omitempty"`
	// Seconds are the longest freezes of the migrations, each with its error bound added, sorted.
	Seconds  []float64 `json:"seconds"`
	Median   float64   `json:"median_seconds"`
	P99      float64   `json:"p99_seconds"`
	Longest  float64   `json:"longest_seconds"`
	Outside  int       `json:"outside"`     // freezes outside migrations that were left out
	Doubtful int       `json:"doubtful"`    // freezes of low confidence that were left out
	Unseen   int       `json:"not_visible"` // migrations without a freeze that could be seen
	Damaged  int       `json:"damaged"`     // records that cannot be true
}

// migration identifies the one that a record belongs to.
type migration struct{ node, episode string }

// NewSample takes of every migration its longest freeze.
func NewSample(records []model.FreezeRecord, include Include) Sample {
	var s Sample
	longest := map[migration]model.FreezeRecord{}
	unseen := map[migration]struct{}{}
	var kept []model.FreezeRecord
	for _, r := range records {
		key := migration{r.Node, r.Episode}
		switch {
		case r.Fused == nil && r.Episode != "":
			unseen[key] = struct{}{}
		case r.Fused == nil || *r.Fused < 0 || r.Bound < 0 || *r.Fused > math.MaxInt64-r.Bound:
			s.Damaged++
		case r.Doubt != "" && !include.Doubtful:
			s.Doubtful++
		case r.Episode == "" && !include.Outside:
			s.Outside++
		case r.Episode == "":
			kept = append(kept, r)
		default:
			if l, ok := longest[key]; !ok || cautious(r) > cautious(l) {
				longest[key] = r
			}
		}
	}
	for _, r := range longest {
		kept = append(kept, r)
	}
	for key := range unseen {
		if _, ok := longest[key]; !ok { // it may have become known after all
			s.Unseen++
		}
	}
	s.fill(kept)
	return s
}

func (s *Sample) fill(kept []model.FreezeRecord) {
	s.N, s.Seconds = len(kept), make([]float64, 0, len(kept))
	for _, r := range kept {
		s.Seconds = append(s.Seconds, cautious(r).Seconds())
		if !slices.Contains(s.Nodes, r.Node) && r.Node != "" {
			s.Nodes = append(s.Nodes, r.Node)
		}
		if r.Start.IsZero() {
			continue
		}
		if s.Since.IsZero() || r.Start.Before(s.Since) {
			s.Since = r.Start
		}
		if r.Start.After(s.Until) {
			s.Until = r.Start
		}
	}
	slices.Sort(s.Nodes)
	slices.Sort(s.Seconds)
	if s.N > 0 {
		s.Median, s.P99, s.Longest = s.quantile(0.5), s.quantile(0.99), s.Seconds[s.N-1]
	}
}

// cautious is how long the freeze was at most.
func cautious(r model.FreezeRecord) time.Duration { return *r.Fused + r.Bound }

// quantile is the smallest observation that at least the share q does not exceed.
func (s *Sample) quantile(q float64) float64 {
	return s.Seconds[max(0, int(math.Ceil(q*float64(s.N)))-1)]
}

// reaching is how many observations are at least so long.
func (s *Sample) reaching(seconds float64) int {
	i, _ := slices.BinarySearch(s.Seconds, seconds)
	return s.N - i
}

// same is how far the starts of one freeze may be apart in two sources: Prometheus has them as fractions of seconds.
const same = 2 * time.Millisecond

// Merge adds imported records to a node's own, which are truer: a record of a freeze that the node knows itself is
// dropped, and what belongs to the same migration gets its name. All records carry their node.
func Merge(own, imported []model.FreezeRecord) []model.FreezeRecord {
	byNode := map[string][]model.FreezeRecord{}
	for _, r := range own {
		byNode[r.Node] = append(byNode[r.Node], r)
	}
	for _, list := range byNode {
		slices.SortFunc(list, func(a, b model.FreezeRecord) int { return a.Start.Compare(b.Start) })
	}
	names := map[migration]string{}
	var rest []model.FreezeRecord
	for _, r := range imported {
		if l, ok := find(byNode[r.Node], r); ok {
			if r.Episode != "" && l.Episode != "" {
				names[migration{r.Node, r.Episode}] = l.Episode
			}
			continue
		}
		rest = append(rest, r)
	}
	out := slices.Clone(own)
	for _, r := range rest {
		r.Episode = cmp.Or(names[migration{r.Node, r.Episode}], r.Episode)
		out = append(out, r)
	}
	return out
}

// find looks for the same freeze, or the same migration without one, in records sorted by start.
func find(sorted []model.FreezeRecord, r model.FreezeRecord) (model.FreezeRecord, bool) {
	i, _ := slices.BinarySearchFunc(sorted, r.Start.Add(-same), func(l model.FreezeRecord, at time.Time) int { return l.Start.Compare(at) })
	for ; i < len(sorted) && !sorted[i].Start.After(r.Start.Add(same)); i++ {
		if (sorted[i].Fused == nil) == (r.Fused == nil) {
			return sorted[i], true
		}
	}
	return model.FreezeRecord{}, false
}
