package model

import "time"

// Verdict is a judgement of a migration, or of one aspect of it.
type Verdict string

// The verdicts.
const (
	VerdictPass    Verdict = "pass"
	VerdictFail    Verdict = "fail"
	VerdictUnknown Verdict = "unknown" // what it needs could not be seen
)

// Verdicts lists them.
func Verdicts() []Verdict { return []Verdict{VerdictPass, VerdictFail, VerdictUnknown} }

// Report is one migration of one node, judged when it was over.
type Report struct {
	Version int       `json:"version"`
	Episode string    `json:"episode"`
	Cluster string    `json:"cluster"`
	Node    string    `json:"node"`
	Judged  time.Time `json:"judged"`
	Verdict Verdict   `json:"verdict"` // fail if any finding fails, else unknown if any is unknown
	Result  Result    `json:"result"`
	Start   time.Time `json:"start"`   // of the first record
	Pre     time.Time `json:"pre"`     // of premigrate; zero when it was not seen
	End     time.Time `json:"end"`     // of the migration
	Settled time.Time `json:"settled"` // managed again; zero when not by then

	Findings []Finding `json:"findings"`
	Phases   []Mark    `json:"phases"` // in order

	// Freeze is the longest of the migration; nil when none was seen, Fused nil when it was not visible.
	Freeze *Freeze `json:"freeze,omitempty"`
	// Others are further freezes during the migration.
	Others []Freeze `json:"others,omitempty"`
	// Budget is the longest freeze that was borne with the settings in force, BudgetLimit what limited it; nil and
	// "unknown" when a term could not be read.
	Budget      *time.Duration `json:"budget,omitempty"`
	BudgetLimit string         `json:"budget_limit"`

	// Events are those of the cluster during the migration. EventsErr says why they may be incomplete.
	Events    []JudgedEvent `json:"events"`
	EventsErr string        `json:"events_error,omitempty"`
	// Outages are those that probes saw. ProbesFrom counts the probes that looked, by vantage.
	Outages    []Outage       `json:"outages"`
	ProbesFrom map[string]int `json:"probes_from"`

	// UnmanagedFrom, UnmanagedTo bound the time in which PowerHA monitored nothing here; zero when it always did.
	UnmanagedFrom time.Time `json:"unmanaged_from"`
	UnmanagedTo   time.Time `json:"unmanaged_to"` // zero while it goes on
	// Leftovers are settings of PowerHA's own script that were left behind.
	Leftovers []string `json:"leftovers,omitempty"`
	// LeftBehind says of each of them where it is, what it was, and how it is put back.
	LeftBehind []Leftover `json:"left_behind,omitempty"`
}

// Leftover is one setting that PowerHA's own script changed for a migration and did not put back.
type Leftover struct {
	What string `json:"what"` // node_timeout, dead_man_switch, deadman_mode, ifrestrict, inittab
	Node string `json:"node"` // on which it is so: this node, or its peer in a cluster of two
	Was  string `json:"was"`
	Is   string `json:"is"`
	// Commands put it back, typed on Node by root, in this order.
	Commands []string `json:"commands"`
}

// Finding is the judgement of one aspect. Why is a constant of package report.
type Finding struct {
	Check   string  `json:"check"`
	Verdict Verdict `json:"verdict"`
	Why     string  `json:"why"`
	Text    string  `json:"text"`
}

// Mark is the begin of a phase.
type Mark struct {
	Phase Phase     `json:"phase"`
	At    time.Time `json:"at"`
}

// JudgedEvent is an event of the cluster with whether a protected migration causes it.
type JudgedEvent struct {
	ClusterEvent
	Unwanted bool   `json:"unwanted"`
	Why      string `json:"why"`
}

// Outage is a time in which a probe of an application did not succeed.
type Outage struct {
	Application string `json:"application"`
	Probe       string `json:"probe"`
	Vantage     string `json:"vantage"` // local, peer
	From        string `json:"from"`    // the node that probed
	// Start is the last success before it, by the clock of the node that probed. The outage lasted up to Duration; the
	// first failure may have come up to Resolution later.
	Start      time.Time     `json:"start"`
	Duration   time.Duration `json:"duration"`
	Resolution time.Duration `json:"resolution,omitempty"`
	Ongoing    bool          `json:"ongoing,omitempty"` // when it was judged
}
