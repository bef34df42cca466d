package collector

import (
	"time"

	"powerha_lpm_exporter/collector/table"
	"powerha_lpm_exporter/internal/model"
)

// The names of the exporter's collectors, which are those of their flags.
const (
	Migration     = "migration"
	Freeze        = "freeze"
	ResourceGroup = "resource_group"
	Cluster       = "cluster"
	Variables     = "variables"
	Application   = "application"
	Peer          = "peer"
)

// Names lists the collectors.
func Names() []string {
	return []string{Migration, Freeze, ResourceGroup, Cluster, Variables, Application, Peer}
}

// The cluster events that are counted.
const (
	EventNodeDown = table.EventNodeDown
	EventNodeUp   = table.EventNodeUp
	EventTakeover = table.EventTakeover
)

// Events lists them.
func Events() []string { return table.Events() }

// Estimators of a freeze.
const (
	ByClock = "clock"
	ByPeer  = "peer"
	ByFused = "fused"
)

// View is everything that one scrape publishes. It is made by the exporter's core and not changed afterwards. What is
// not known is absent from it.
type View struct {
	// Cluster and Node are "" until known: then only what concerns the exporter itself is published.
	Cluster, Node string
	Created       time.Time // since when the counters count
	Collectors    []State   // the enabled ones

	// Fresh holds the readings that are understood and young enough to be published.
	Fresh map[model.Source]model.Reading

	Phase              model.Phase
	PhaseStart         time.Time
	Migrations         map[model.Result]uint64
	LastStart, LastEnd time.Time
	MigrationDuration  Histogram
	Freezes            map[string]Histogram // by estimator
	LastFreeze         *model.Freeze
	Budgets            []Budget
	Events, Unwanted   map[string]uint64
	Verdicts           map[model.Verdict]uint64
	LastVerdict        model.Verdict            // "" before the first migration was judged
	Outages            map[string]time.Duration // longest of the last judged migration, by vantage
	EventLog           bool                     // PowerHA's log of events is read
	// Window is the time in declared windows that counts, WindowRefused what the cap refused. WindowUntil is when the cap
	// will end the one that is open; zero when it has, or when none is open.
	Window, WindowRefused time.Duration
	WindowOpen            bool
	WindowUntil           time.Time

	Leftovers map[string]bool // judged ones only
	Drift     map[string]bool

	Owners    []model.LastOwner
	Unmanaged map[string]time.Time // resource group: since when
	Peers     []PeerView
	Probes    []model.ProbeStatus
	Datagrams map[string]uint64 // heartbeats by what became of them; nil without any

	ParseErrors   map[string]uint64
	Disagree      map[string]bool   // facts with two sources that could be compared
	Disagreements map[string]string // of those that disagree: what either says, for the log
	StateWritable bool
	Config        ConfigState
}

// State is how one collector fares.
type State struct {
	Name        string
	Success     bool
	Duration    time.Duration
	LastSuccess time.Time
	Timeouts    uint64
}

// Budget is the longest freeze that the settings of a scope (idle, lpm) tolerate, and the timer that limits it:
// "unknown" where one that may apply could not be read; Missing names those.
type Budget struct {
	Scope, Limit string
	Longest      time.Duration
	Missing      []string
}

// PeerView is a peer with the silences that were counted of it.
type PeerView struct {
	model.PeerStatus
	Silences Histogram
}

// ConfigState is the outcome of the last load of the configuration.
type ConfigState struct {
	Hash     string
	LoadedAt time.Time // last success
	Failed   bool      // the last load failed
}

// Histogram is a classic histogram that can be kept on disk.
type Histogram struct {
	Bounds    []float64  `json:"bounds"`
	Counts    []uint64   `json:"counts"` // one more than bounds, not cumulative
	Sum       float64    `json:"sum"`
	Exemplars []Exemplar `json:"exemplars,omitempty"` // one a bucket at most
}

// Exemplar ties an observation to an episode.
type Exemplar struct {
	Value   float64   `json:"value"`
	Episode string    `json:"episode"`
	At      time.Time `json:"at"`
}

// NewHistogram returns an empty histogram with the buckets that the table of metrics has for that name.
func NewHistogram(metric string) Histogram {
	m, _ := Find(metric)
	return Histogram{Bounds: m.Buckets, Counts: make([]uint64, len(m.Buckets)+1)}
}

// Fits reports whether the histogram is whole and has the buckets of that metric: one from disk may have those of
// another version.
func (h Histogram) Fits(metric string) bool {
	m, ok := Find(metric)
	if !ok || len(h.Bounds) != len(m.Buckets) || len(h.Counts) != len(h.Bounds)+1 {
		return false
	}
	for i, b := range m.Buckets {
		if h.Bounds[i] != b {
			return false
		}
	}
	return true
}

// Observe returns the histogram with one more observation, in seconds; the old one stays as it was.
func (h Histogram) Observe(v float64, episode string, at time.Time) Histogram {
	i := h.bucket(v)
	counts := append([]uint64(nil), h.Counts...)
	counts[i]++
	h.Counts = counts
	h.Sum += v
	if episode == "" {
		return h
	}
	kept := []Exemplar{{Value: v, Episode: episode, At: at}}
	for _, e := range h.Exemplars {
		if h.bucket(e.Value) != i {
			kept = append(kept, e)
		}
	}
	h.Exemplars = kept
	return h
}

func (h Histogram) bucket(v float64) int {
	for i, b := range h.Bounds {
		if v <= b {
			return i
		}
	}
	return len(h.Bounds)
}
