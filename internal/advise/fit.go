package advise

import (
	"math"
	"slices"
)

// Family is a distribution that is fitted.
type Family string

// The families.
const (
	Gumbel    Family = "gumbel"     // of the durations
	LogGumbel Family = "log_gumbel" // of their logarithms, which is Fréchet's of the durations
)

// FitState says what became of a fit.
type FitState string

// The states of a fit.
const (
	FitAccepted   FitState = "accepted"
	FitTooFew     FitState = "too_few"    // fewer than MinFit observations
	FitNotNeeded  FitState = "not_needed" // more than maxFit: the binomial limit is fine enough
	FitNoSpread   FitState = "no_spread"  // the observations are all the same
	FitRejected   FitState = "rejected"   // the test says that they are not of this family
	FitImpossible FitState = "impossible" // logarithm of 0
)

const (
	// MinFit is the smallest sample to which a distribution is fitted.
	MinFit = 30
	maxFit = 2000
	// rejectBelow is the chance of the distance below which a fit is rejected.
	rejectBelow = 0.10
	// beyond is how many times the sample's own 1/n a fit may extrapolate.
	beyond = 3
)

// Fit is one family fitted to the sample.
type Fit struct {
	Family Family   `json:"family"`
	State  FitState `json:"state"`
	// Location and Scale are in seconds, of LogGumbel in logarithms of seconds.
	Location float64 `json:"location"`
	Scale    float64 `json:"scale"`
	// Distance is A² of Anderson and Darling, Chance how often the family itself gives as much or more.
	Distance float64 `json:"distance"`
	Chance   float64 `json:"chance"`
}

// fits is what is fitted, and the simulation that all of it shares.
type fits struct {
	list   []Fit
	pivots pivots
	n      int
}

// newFits fits every family to a sorted sample. The simulation depends on the size of the sample alone.
func newFits(sorted []float64, simulate func(n int) pivots) fits {
	f := fits{n: len(sorted)}
	state := FitAccepted
	switch {
	case f.n < MinFit:
		state = FitTooFew
	case f.n > maxFit:
		state = FitNotNeeded
	case sorted[0] == sorted[f.n-1]:
		state = FitNoSpread
	default:
		f.pivots = simulate(f.n)
	}
	for _, family := range []Family{Gumbel, LogGumbel} {
		fit := Fit{Family: family, State: state}
		if state == FitAccepted {
			fit = f.fit(family, sorted)
		}
		f.list = append(f.list, fit)
	}
	return f
}

func (f *fits) fit(family Family, sorted []float64) Fit {
	fit := Fit{Family: family, State: FitAccepted}
	x := slices.Clone(sorted)
	for i := range x {
		x[i] = family.axis(x[i])
	}
	if math.IsInf(x[0], 0) {
		fit.State = FitImpossible
		return fit
	}
	g := fitGumbel(x)
	fit.Location, fit.Scale, fit.Distance = g.loc, g.scale, g.distance(x)
	fit.Chance = f.pivots.chance(fit.Distance)
	if fit.Chance < rejectBelow {
		fit.State = FitRejected
	}
	if math.IsNaN(fit.Distance) || math.IsInf(fit.Distance, 0) {
		fit.Distance = math.MaxFloat64 // JSON has no infinity
	}
	return fit
}

// axis is where the family is one of location and scale.
func (f Family) axis(seconds float64) float64 {
	if f == LogGumbel {
		return math.Log(seconds)
	}
	return seconds
}

// limits are the estimate and the upper limit for more than so many seconds: of the accepted families the more
// cautious, and no less than the data can bear. ok is false when none was accepted.
func (f *fits) limits(seconds, share float64) (estimate, upper float64, ok bool) {
	for _, fit := range f.list {
		if fit.State != FitAccepted {
			continue
		}
		z := gumbel{fit.Location, fit.Scale}.reduced(fit.Family.axis(seconds))
		estimate, upper, ok = max(estimate, survival(z)), max(upper, f.pivots.upper(z)), true
	}
	floor := max(share, 1/float64(beyond*f.n))
	return max(estimate, floor), max(upper, floor), ok
}
