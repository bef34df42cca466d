// Package slo makes the report of a month: how available each application of a
// cluster was to its users, and what the migrations of that month cost. It goes
// by the raw samples that Prometheus keeps, not by recorded rules, so that it can
// be checked against them.
//
// A sample speaks until the next one of its series, unless that is more than two
// and a half scrape intervals away; then it speaks for one interval, and behind
// it is a hole. An application is up while each of its probes succeeds from at
// least one peer; where no peer looks, its node's own probes count; where nobody
// looks its state is unknown. Unknown time is reported as such: it is neither up
// nor down.
//
// Declared migration windows are left out of the second track, from the first
// sample that shows one open to the last, while the exporter's cap lets it be
// counted, and in the order of time until the cap of the month is used up.
package slo

import "time"

// Month is the report. All spans are in seconds.
type Month struct {
	Cluster string    `json:"cluster"`
	Month   string    `json:"month"` // 2026-11
	From    time.Time `json:"from"`
	To      time.Time `json:"to"`
	Until   time.Time `json:"until"` // before To while the month goes on
	Source  string    `json:"source"`
	// WindowCap is what may be left out of the month of one application.
	WindowCap    float64       `json:"window_cap_seconds"`
	Applications []Application `json:"applications"`
	Migrations   []Migration   `json:"migrations"`
}

// Application is one application in the month.
type Application struct {
	Name      string  `json:"application"`
	Objective float64 `json:"objective"`
	// Up, Down and Unknown add up to the time from From to Until. Unknown is when nobody looked.
	Up      float64 `json:"up_seconds"`
	Down    float64 `json:"down_seconds"`
	Unknown float64 `json:"unknown_seconds"`
	// ByPeers and ByNode tell who looked: peers, as users do, or only the node itself.
	ByPeers float64 `json:"seen_by_peers_seconds"`
	ByNode  float64 `json:"seen_by_its_node_alone_seconds"`
	// Excluded is what the second track leaves out. Refused is time in windows that counts all the same: because the
	// cap of one migration, or that of the month, was used up.
	Excluded           float64 `json:"excluded_seconds"`
	RefusedByMigration float64 `json:"refused_by_migration_cap_seconds"`
	RefusedByMonth     float64 `json:"refused_by_month_cap_seconds"`
	All                Track   `json:"all"`
	NoWindows          Track   `json:"no_windows"`
	Outages            []Span  `json:"outages"`
	Holes              []Span  `json:"holes"`
	windows            []Span
}

// Track is the availability by one way to count.
type Track struct {
	Observed float64 `json:"observed_seconds"`
	Down     float64 `json:"down_seconds"`
	// Availability is nil where nothing was observed. Least and Most are what it would be had the application been down,
	// or up, for all of the unknown time.
	Availability *float64 `json:"availability"`
	Least        float64  `json:"availability_at_least"`
	Most         float64  `json:"availability_at_most"`
	// Budget is the time that the objective lets the application be down in the whole month, BudgetLeft the part of it
	// that is left, below 0 when it is overdrawn.
	Budget     float64 `json:"error_budget_seconds"`
	BudgetLeft float64 `json:"error_budget_left"`
	// Forecast is the part that will be left at the end of the month if it goes on as in its last three days; nil once
	// the month is over.
	Forecast *float64 `json:"error_budget_left_at_month_end,omitempty"`
}

// Span is a stretch of time.
type Span struct {
	From    time.Time `json:"from"`
	To      time.Time `json:"to"`
	Seconds float64   `json:"seconds"`
	Node    string    `json:"node,omitempty"` // that ran the application
	// Excluded is the part that the track without windows leaves out.
	Excluded float64 `json:"excluded_seconds,omitempty"`
}

// Migration is one migration that began in the month. What could not be seen is nil.
type Migration struct {
	Node     string     `json:"node"`
	Start    time.Time  `json:"start"`
	End      *time.Time `json:"end,omitempty"`
	Result   string     `json:"result"`
	Freeze   *float64   `json:"freeze_seconds,omitempty"`
	Bound    *float64   `json:"freeze_error_bound_seconds,omitempty"`
	Brownout *float64   `json:"brownout_seconds,omitempty"`
	// OutagePeer and OutageLocal are the longest that a probe missed an application, as the exporter judged it.
	OutagePeer  *float64 `json:"outage_seen_by_peers_seconds,omitempty"`
	OutageLocal *float64 `json:"outage_seen_by_its_node_seconds,omitempty"`
	// Down is the longest time of an application of the node between the start and the resume, by the samples.
	Down float64 `json:"down_seconds"`
	// Unmanaged is how long PowerHA monitored nothing on the node, Monitored in how much of that every application of it
	// was looked at by our probes.
	Unmanaged float64 `json:"unmonitored_by_powerha_seconds"`
	Monitored float64 `json:"of_that_monitored_by_us_seconds"`
	// Counted and Refused are the declared window by the exporter's cap.
	Counted float64 `json:"window_counted_seconds"`
	Refused float64 `json:"window_refused_seconds"`
}
