package advise

import (
	"math"
	"time"

	"powerha_lpm_exporter/internal/model"
)

// What PowerHA accepts for HEARTBEAT_FREQUENCY_DURING_LPM, and what it uses while that was never set (clmgr(1);
// SG24-8278 table 8-4).
const (
	Minimum = 10 * time.Second
	Maximum = 600 * time.Second
	Unset   = 600 * time.Second
	step    = 10 * time.Second
)

// Settings of the cluster that are weighed.
type Settings struct {
	Heartbeat time.Duration // HEARTBEAT_FREQUENCY
	Grace     time.Duration // GRACE_PERIOD
	LPM       time.Duration // HEARTBEAT_FREQUENCY_DURING_LPM; 0 while never set
}

// inForce is the node timeout of a migration.
func (s Settings) inForce() time.Duration {
	if s.LPM == 0 {
		return Unset
	}
	return s.LPM
}

// Reason says why the advice is what it is.
type Reason string

// The reasons. The first two come with a recommendation.
const (
	ReasonObserved  Reason = "observed"          // the binomial limit of a candidate is within the risk
	ReasonFitted    Reason = "fitted"            // that of an extreme-value fit is
	ReasonNone      Reason = "no_observations"   // there is no measured freeze
	ReasonTooFew    Reason = "too_few"           // there are too few for the risk
	ReasonNoneHolds Reason = "no_value_suffices" // a freeze was as long as the largest value
)

// Limit is what keeps the recommendation from being smaller.
type Limit string

// The limits.
const (
	LimitRisk      Limit = "risk"
	LimitLongest   Limit = "longest_freeze"
	LimitHeartbeat Limit = "heartbeat_frequency"
	LimitMinimum   Limit = "product_minimum"
)

// Advice is the whole answer. Probabilities are 0 to 1.
type Advice struct {
	Risk       float64 `json:"risk"`       // accepted, that the freeze of one migration exceeds the value
	Confidence float64 `json:"confidence"` // of the upper limits
	Sample     Sample  `json:"sample"`
	Fits       []Fit   `json:"fits"`

	// Recommended is 0 when there is no recommendation.
	Recommended int    `json:"recommended_seconds"`
	Reason      Reason `json:"reason"`
	LimitedBy   Limit  `json:"limited_by,omitempty"`
	// Meanwhile is the value to have until there is a recommendation; 0 when there is one.
	Meanwhile int `json:"meanwhile_seconds,omitempty"`
	// PresentReached: a freeze was as long as the value in force or longer.
	PresentReached bool `json:"present_reached"`
	// Needed is how many migrations without an exceedance the binomial limit needs for the risk, NeededFit how many an
	// extreme-value fit needs at least.
	Needed    int `json:"needed"`
	NeededFit int `json:"needed_fit"`

	Candidates []Candidate `json:"candidates"`
}

// Candidate is one value and both sides of its trade.
type Candidate struct {
	Seconds int `json:"seconds"`
	// Exceeded is how many observations reach it; Estimate and Upper the share, and its upper limit by the binomial.
	Exceeded int     `json:"exceeded"`
	Estimate float64 `json:"estimate"`
	Upper    float64 `json:"upper"`
	// FitEstimate and FitUpper are those of the extreme-value fit; nil without one.
	FitEstimate *float64 `json:"fit_estimate,omitempty"`
	FitUpper    *float64 `json:"fit_upper,omitempty"`
	// Detection is after how many seconds of silence a true death in a migration is acted on: value and grace period.
	// OverIdle and OverPresent are how much later that is than in calm times and than with the value in force.
	Detection   float64 `json:"detection_seconds"`
	OverIdle    float64 `json:"over_idle_seconds"`
	OverPresent float64 `json:"over_present_seconds"`
}

// Input is what Make judges.
type Input struct {
	Records  []model.FreezeRecord
	Include  Include
	Settings Settings
	Risk     float64 // within 0 and 1, both excluded
}

// Make judges the history.
func Make(in Input) Advice { return judge(in, newPivots) }

func judge(in Input, simulate func(n int) pivots) Advice {
	a := Advice{Risk: in.Risk, Confidence: Confidence, Sample: NewSample(in.Records, in.Include)}
	a.Needed = needed(in.Risk)
	a.NeededFit = max(MinFit, int(math.Ceil(1/(beyond*in.Risk)-1e-9)))
	f := newFits(a.Sample.Seconds, simulate)
	a.Fits = f.list
	for v := Minimum; v <= Maximum; v += step {
		a.Candidates = append(a.Candidates, a.weigh(v, in.Settings, &f))
	}
	a.PresentReached = a.Sample.N > 0 && a.Sample.Longest >= in.Settings.inForce().Seconds()
	a.decide(in.Settings)
	return a
}

func (a *Advice) weigh(v time.Duration, s Settings, f *fits) Candidate {
	c := Candidate{Seconds: int(v / time.Second), Exceeded: a.Sample.reaching(v.Seconds())}
	if a.Sample.N > 0 {
		c.Estimate = float64(c.Exceeded) / float64(a.Sample.N)
	}
	c.Upper = upperLimit(c.Exceeded, a.Sample.N)
	if estimate, upper, ok := f.limits(v.Seconds(), c.Estimate); ok {
		c.FitEstimate, c.FitUpper = &estimate, &upper
	}
	c.Detection = (v + s.Grace).Seconds()
	c.OverIdle = (v - s.Heartbeat).Seconds()
	c.OverPresent = (v - s.inForce()).Seconds()
	return c
}

// decide picks the candidate, or what to have while there is none.
func (a *Advice) decide(s Settings) {
	switch {
	case a.Sample.N == 0:
		a.Reason, a.Meanwhile = ReasonNone, seconds(s.inForce())
	case a.Sample.Longest >= Maximum.Seconds():
		a.Reason, a.Meanwhile = ReasonNoneHolds, seconds(Maximum)
	case a.pick(s, ReasonObserved, func(c Candidate) bool { return c.Upper <= a.Risk }):
	case a.pick(s, ReasonFitted, func(c Candidate) bool { return c.FitUpper != nil && *c.FitUpper <= a.Risk }):
	default:
		a.Reason, a.Meanwhile = ReasonTooFew, seconds(s.inForce())
		if a.PresentReached {
			a.Meanwhile = seconds(Unset)
		}
	}
}

// pick takes the smallest candidate that fits everything, if there is one.
func (a *Advice) pick(s Settings, why Reason, within func(Candidate) bool) bool {
	limit := LimitMinimum
	for _, c := range a.Candidates {
		switch {
		case !within(c):
			limit = LimitRisk
		case float64(c.Seconds) <= a.Sample.Longest:
			limit = LimitLongest
		case c.OverIdle < 0 && c.Seconds < seconds(Maximum):
			limit = LimitHeartbeat
		default:
			a.Recommended, a.Reason, a.LimitedBy = c.Seconds, why, limit
			return true
		}
	}
	return false
}

func seconds(d time.Duration) int { return int(d / time.Second) }
