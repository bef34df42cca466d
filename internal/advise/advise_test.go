package advise

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/model"
)

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if !(math.Abs(got-want) <= within) {
		t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// What R's binom.test(k, n, alternative = "less") gives, checked by bisection of the exact sum.
func TestUpperLimit(t *testing.T) {
	for _, tc := range []struct {
		k, n int
		want float64
	}{
		{0, 0, 1},
		{0, 1, 0.95},
		{0, 10, 0.2588656},
		{0, 100, 0.0295130},
		{0, 299, 0.0099692},
		{1, 10, 0.3941633},
		{2, 10, 0.5069013},
		{5, 10, 0.7775589},
		{9, 10, 0.9948838},
		{10, 10, 1},
		{1, 100, 0.0465597},
		{3, 1000, 0.0077352},
	} {
		near(t, fmt.Sprintf("%d of %d", tc.k, tc.n), upperLimit(tc.k, tc.n), tc.want, 5e-7)
	}
	for risk, want := range map[float64]int{0.5: 5, 0.05: 59, 0.01: 299, 0.001: 2995} {
		if got := needed(risk); got != want {
			t.Errorf("needed for %v: %d, want %d", risk, got, want)
		}
	}
	// The rule of three.
	near(t, "3/n", upperLimit(0, 1000)*1000/3, 1, 0.005)
}

// By its definition: with the probability at the limit, k or fewer of n happen in 5 % of all cases.
func TestUpperLimitDefinition(t *testing.T) {
	for n := 1; n <= 60; n += 7 {
		for k := range n {
			p, sum, term := upperLimit(k, n), 0.0, 0.0
			for i := range k + 1 {
				if i == 0 {
					term = float64(n) * math.Log1p(-p)
				} else {
					term += math.Log(float64(n-i+1)/float64(i)) + math.Log(p) - math.Log1p(-p)
				}
				sum += math.Exp(term)
			}
			near(t, fmt.Sprintf("%d of %d", k, n), sum, 1-Confidence, 1e-9)
		}
	}
}

func TestSurvival(t *testing.T) {
	near(t, "at the location", survival(0), 1-1/math.E, 1e-15)
	near(t, "far out", survival(50)/math.Exp(-50), 1, 1e-12)
	near(t, "far below", survival(-10), 1, 1e-15)
}

// draw is a sorted sample of the family.
func draw(rng *rand.Rand, n int, loc, scale float64, family Family) []float64 {
	out := make([]float64, n)
	for i := range out {
		out[i] = loc - scale*math.Log(rng.ExpFloat64())
		if family == LogGumbel {
			out[i] = math.Exp(out[i])
		}
	}
	slices.Sort(out)
	return out
}

// once simulates each size once.
func once() func(n int) pivots {
	known := map[int]pivots{}
	return func(n int) pivots {
		if _, ok := known[n]; !ok {
			known[n] = newPivots(n)
		}
		return known[n]
	}
}

func TestFitRecoversParameters(t *testing.T) {
	// By hand: b0 = 7/3, b1 = (0·1 + ½·2 + 1·4)/3 = 5/3, the second L-moment 2·b1 − b0 = 1.
	g := fitGumbel([]float64{1, 2, 4})
	near(t, "scale by hand", g.scale, 1/math.Ln2, 1e-12)
	near(t, "location by hand", g.loc, 7.0/3-eulerGamma/math.Ln2, 1e-12)

	rng, simulate := rand.New(rand.NewPCG(1, 2)), once()
	f := newFits(draw(rng, 2000, 3, 0.8, Gumbel), simulate)
	if f.list[0].State != FitAccepted {
		t.Errorf("its own family: %+v", f.list[0])
	}
	near(t, "location", f.list[0].Location, 3, 0.06)
	near(t, "scale", f.list[0].Scale, 0.8, 0.05)
	if f.list[1].State != FitRejected {
		t.Errorf("the other family at n = 2000: %+v", f.list[1])
	}
	f = newFits(draw(rng, 2000, 1, 0.3, LogGumbel), simulate)
	near(t, "log location", f.list[1].Location, 1, 0.03)
	near(t, "log scale", f.list[1].Scale, 0.3, 0.02)
	if f.list[0].State != FitRejected || f.list[1].State != FitAccepted {
		t.Errorf("Fréchet: %+v", f.list)
	}
}

func TestFitIsRefused(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	two := slices.Concat(draw(rng, 40, 2, 0.1, Gumbel), draw(rng, 20, 30, 0.1, Gumbel))
	slices.Sort(two)
	uniform := make([]float64, 400)
	for i := range uniform {
		uniform[i] = 1 + float64(i)/400
	}
	zero := slices.Concat([]float64{0}, draw(rng, 40, 2, 0.1, Gumbel))
	for name, tc := range map[string]struct {
		sample []float64
		want   [2]FitState
	}{
		"none":        {nil, [2]FitState{FitTooFew, FitTooFew}},
		"29":          {draw(rng, 29, 2, 0.5, Gumbel), [2]FitState{FitTooFew, FitTooFew}},
		"all alike":   {slices.Repeat([]float64{2}, 40), [2]FitState{FitNoSpread, FitNoSpread}},
		"2001":        {draw(rng, 2001, 2, 0.5, Gumbel), [2]FitState{FitNotNeeded, FitNotNeeded}},
		"two kinds":   {two, [2]FitState{FitRejected, FitRejected}},
		"uniform":     {uniform, [2]FitState{FitRejected, FitRejected}},
		"one of zero": {zero, [2]FitState{FitRejected, FitImpossible}},
	} {
		f := newFits(tc.sample, newPivots)
		if got := [2]FitState{f.list[0].State, f.list[1].State}; got != tc.want {
			t.Errorf("%s: %+v", name, f.list)
		}
		if _, _, ok := f.limits(10, 0); ok {
			t.Errorf("%s: a refused fit has limits", name)
		}
		if _, err := json.Marshal(f.list); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A sample of the family is rejected as often as the test says.
func TestRejectionRate(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	const n, samples = 40, 3000
	p, rejected := newPivots(n), 0
	for range samples {
		x := draw(rng, n, 7, 2, Gumbel)
		if p.chance(fitGumbel(x).distance(x)) < rejectBelow {
			rejected++
		}
	}
	near(t, "rejected", float64(rejected)/samples, rejectBelow, 0.025)
}

// The upper limit of the fit lies above the truth in 95 % of all samples, near and far, at every n.
func TestCoverageOfTheFit(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	const samples = 3000
	for _, n := range []int{30, 60, 200} {
		p := newPivots(n)
		for _, truth := range []float64{0.2, 0.03, 0.001} {
			const loc, scale = 4.0, 1.5
			x := loc - scale*math.Log(-math.Log1p(-truth))
			held := 0
			for range samples {
				if p.upper(fitGumbel(draw(rng, n, loc, scale, Gumbel)).reduced(x)) >= truth {
					held++
				}
			}
			near(t, fmt.Sprintf("n %d, truth %v", n, truth), float64(held)/samples, Confidence, 0.02)
		}
	}
}

// So does the binomial one, and more often: it is exact, and observations come in whole numbers.
func TestCoverageOfTheBinomial(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	const samples = 20000
	for _, n := range []int{5, 30, 299} {
		for _, truth := range []float64{0.3, 0.05, 0.01, 0.002} {
			held := 0
			for range samples {
				k := 0
				for range n {
					if rng.Float64() < truth {
						k++
					}
				}
				if upperLimit(k, n) >= truth {
					held++
				}
			}
			if share := float64(held) / samples; share < Confidence-0.006 {
				t.Errorf("n %d, truth %v: held in %v", n, truth, share)
			}
		}
	}
}

// What is recommended keeps its promise in 95 % of all histories, also where the family of the fit is not the true one.
func TestRecommendationKeepsItsPromise(t *testing.T) {
	rng, simulate := rand.New(rand.NewPCG(11, 12)), once()
	const histories = 200
	for _, truth := range []struct {
		name     string
		draw     func() float64
		survival func(x float64) float64
	}{
		{"gumbel", func() float64 { return 12 - 4*math.Log(rng.ExpFloat64()) }, func(x float64) float64 { return survival((x - 12) / 4) }},
		{"frechet", func() float64 { return 12 * math.Exp(-0.3*math.Log(rng.ExpFloat64())) }, func(x float64) float64 { return survival(math.Log(x/12) / 0.3) }},
		{"lognormal", func() float64 { return 12 * math.Exp(0.5*rng.NormFloat64()) }, func(x float64) float64 { return math.Erfc(math.Log(x/12)/0.5/math.Sqrt2) / 2 }},
	} {
		for _, size := range []struct {
			n    int
			risk float64
		}{{40, 0.01}, {60, 0.05}} { // a fit is needed; the binomial will do
			given, broken := 0, 0
			for range histories {
				records := make([]model.FreezeRecord, size.n)
				for i := range records {
					records[i] = record(fmt.Sprint(i), max(0, truth.draw()), 0)
				}
				a := judge(Input{Records: records, Risk: size.risk, Settings: Settings{Heartbeat: Minimum, Grace: 10 * time.Second}}, simulate)
				if a.Recommended > 0 {
					given++
					if truth.survival(float64(a.Recommended)) > size.risk {
						broken++
					}
				}
			}
			if share := float64(broken) / histories; share > 1-Confidence+0.04 {
				t.Errorf("%s, n %d: %v of the histories led to more than the risk", truth.name, size.n, share)
			}
			if given < histories/2 {
				t.Errorf("%s, n %d: only %d of %d histories led to a recommendation", truth.name, size.n, given, histories)
			}
		}
	}
}

func record(episode string, seconds, bound float64) model.FreezeRecord {
	d := time.Duration(seconds * float64(time.Second))
	return model.FreezeRecord{Episode: episode, Fused: &d, Bound: time.Duration(bound * float64(time.Second))}
}

func history(n int, seconds ...float64) []model.FreezeRecord {
	var out []model.FreezeRecord
	for i := range n {
		out = append(out, record(fmt.Sprint(i), seconds[i%len(seconds)], 0))
	}
	return out
}

func TestDecisions(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 14))
	smooth := func(n int, loc, scale float64) []model.FreezeRecord {
		return history(n, draw(rng, n, loc, scale, Gumbel)...)
	}
	usual := Settings{Heartbeat: 30 * time.Second, Grace: 10 * time.Second}
	low := Settings{Heartbeat: 10 * time.Second, Grace: 5 * time.Second, LPM: 20 * time.Second}
	for name, tc := range map[string]struct {
		records     []model.FreezeRecord
		settings    Settings
		risk        float64
		recommended int
		meanwhile   int
		reason      Reason
		limit       Limit
	}{
		"nothing":                           {nil, usual, 0.01, 0, 600, ReasonNone, ""},
		"few":                               {history(12, 2, 3), usual, 0.01, 0, 600, ReasonTooFew, ""},
		"few, and a value of one's own":     {history(12, 2, 3), low, 0.01, 0, 20, ReasonTooFew, ""},
		"few, and it was reached":           {history(12, 2, 25), low, 0.01, 0, 600, ReasonTooFew, ""},
		"few do for a large risk":           {history(12, 2, 3), low, 0.25, 10, 0, ReasonObserved, LimitMinimum},
		"298":                               {history(298, 2, 3), low, 0.01, 0, 20, ReasonTooFew, ""},
		"299":                               {history(299, 2, 3), low, 0.01, 10, 0, ReasonObserved, LimitMinimum},
		"not below calm days":               {history(299, 2, 3), usual, 0.01, 30, 0, ReasonObserved, LimitHeartbeat},
		"longer than each freeze":           {history(299, 2, 44), low, 0.01, 50, 0, ReasonObserved, LimitRisk},
		"one is within the risk and counts": {append(history(2000, 2, 3), record("x", 95, 0)), low, 0.01, 100, 0, ReasonObserved, LimitLongest},
		"exactly a candidate":               {history(299, 40), low, 0.01, 50, 0, ReasonObserved, LimitRisk},
		"the bound counts":                  {append(history(299, 2), record("x", 39.9, 0.2)), low, 0.01, 50, 0, ReasonObserved, LimitRisk},
		"a fit":                             {smooth(60, 12, 3), low, 0.02, 30, 0, ReasonFitted, LimitRisk},
		"a fit goes no further than 1/3n":   {smooth(60, 12, 3), low, 0.005, 0, 600, ReasonTooFew, ""},
		"none holds":                        {history(400, 2, 600), usual, 0.01, 0, 600, ReasonNoneHolds, ""},
		"just within":                       {history(299, 2, 599), usual, 0.01, 600, 0, ReasonObserved, LimitRisk},
	} {
		a := Make(Input{Records: tc.records, Settings: tc.settings, Risk: tc.risk})
		if a.Recommended != tc.recommended || a.Meanwhile != tc.meanwhile || a.Reason != tc.reason || a.LimitedBy != tc.limit {
			t.Errorf("%s: %d s (%s, limited by %s), meanwhile %d s, fits %+v", name, a.Recommended, a.Reason, a.LimitedBy, a.Meanwhile, a.Fits)
		}
		if len(a.Candidates) != 60 || a.Candidates[0].Seconds != 10 || a.Candidates[59].Seconds != 600 {
			t.Errorf("%s: candidates %+v", name, a.Candidates)
		}
		for i, c := range a.Candidates {
			if c.Upper < c.Estimate || i > 0 && c.Upper > a.Candidates[i-1].Upper {
				t.Errorf("%s: %d s: %v, %v", name, c.Seconds, c.Estimate, c.Upper)
			}
			if c.FitUpper != nil && (*c.FitUpper < c.Estimate || *c.FitUpper < 1/float64(3*a.Sample.N)) {
				t.Errorf("%s: %d s: the fit claims %v", name, c.Seconds, *c.FitUpper)
			}
		}
	}
}

func TestBothSidesOfTheTrade(t *testing.T) {
	a := Make(Input{Records: history(5, 15), Settings: Settings{Heartbeat: 30 * time.Second, Grace: 10 * time.Second}, Risk: 0.01})
	c := a.Candidates[11]
	if c.Seconds != 120 || c.Detection != 130 || c.OverIdle != 90 || c.OverPresent != -480 || c.Exceeded != 0 {
		t.Errorf("120 s: %+v", c)
	}
	if c := a.Candidates[0]; c.Exceeded != 5 || c.Estimate != 1 || c.Upper != 1 {
		t.Errorf("10 s: %+v", c)
	}
	if a.Needed != 299 || a.NeededFit != 34 {
		t.Errorf("needed %d, %d", a.Needed, a.NeededFit)
	}
	if again := Make(Input{Records: history(5, 15), Settings: Settings{Heartbeat: 30 * time.Second, Grace: 10 * time.Second}, Risk: 0.01}); !reflect.DeepEqual(a, again) {
		t.Error("the same input gives another advice")
	}
}

func TestSample(t *testing.T) {
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	r := func(node, episode string, day int, seconds float64) model.FreezeRecord {
		r := record(episode, seconds, 0.5)
		r.Node, r.Start = node, at.AddDate(0, 0, day)
		return r
	}
	unseen := func(node, episode string) model.FreezeRecord {
		return model.FreezeRecord{Node: node, Episode: episode, Start: at}
	}
	doubtful := r("a", "ep3", 3, 300)
	doubtful.Doubt = model.DoubtTraced
	negative := r("a", "ep9", 9, 1)
	*negative.Fused = -1
	records := []model.FreezeRecord{
		r("a", "ep1", 1, 2), r("a", "ep1", 1, 5), r("a", "ep1", 1, 1), // the longest counts
		r("b", "ep1", 2, 3), // another node
		r("a", "", 2, 1), r("a", "", 2, 1),
		doubtful,
		unseen("a", "ep4"), unseen("a", "ep4"),
		unseen("a", "ep5"), r("a", "ep5", 4, 4), // seen after all
		negative,
		{Node: "a"},
	}
	s := NewSample(records, Include{})
	if want := []float64{3.5, 4.5, 5.5}; !slices.Equal(s.Seconds, want) || s.N != 3 || s.Median != 4.5 || s.P99 != 5.5 || s.Longest != 5.5 {
		t.Errorf("%+v", s)
	}
	if s.Outside != 2 || s.Doubtful != 1 || s.Unseen != 1 || s.Damaged != 2 {
		t.Errorf("left out: %+v", s)
	}
	if !s.Since.Equal(at.AddDate(0, 0, 1)) || !s.Until.Equal(at.AddDate(0, 0, 4)) || !slices.Equal(s.Nodes, []string{"a", "b"}) {
		t.Errorf("when and where: %+v", s)
	}
	all := NewSample(records, Include{Outside: true, Doubtful: true})
	if all.N != 6 || all.Outside+all.Doubtful != 0 || all.Unseen != 1 || all.Longest != 300.5 {
		t.Errorf("everything: %+v", all)
	}
	for n, want := range map[float64]int{3.4: 3, 3.5: 3, 3.6: 2, 5.5: 1, 5.6: 0} {
		if got := s.reaching(n); got != want {
			t.Errorf("reaching %v: %d, want %d", n, got, want)
		}
	}
}

func TestMerge(t *testing.T) {
	at := time.Date(2026, 3, 1, 0, 0, 0, 123456789, time.UTC)
	r := func(node, episode string, after time.Duration) model.FreezeRecord {
		r := record(episode, 2, 0)
		r.Node, r.Start = node, at.Add(after)
		return r
	}
	unseen := func(node, episode string, after time.Duration) model.FreezeRecord {
		return model.FreezeRecord{Node: node, Episode: episode, Start: at.Add(after)}
	}
	own := []model.FreezeRecord{r("a", "ep1", 0), r("a", "", time.Hour), unseen("a", "ep3", 2*time.Hour)}
	imported := []model.FreezeRecord{
		r("a", "m1", -time.Minute),                                // an earlier freeze of ep1 that the node forgot
		r("a", "m1", -456789),                                     // ep1, in milliseconds
		r("a", "m2", time.Hour),                                   // the node knows that it is outside
		unseen("a", "m3", 2*time.Hour+time.Millisecond),           // ep3
		r("b", "m1", 0),                                           // another node
		r("a", "m4", 3*time.Hour), unseen("a", "m5", 4*time.Hour), // news
	}
	got := Merge(own, imported)
	want := slices.Concat(own, []model.FreezeRecord{r("a", "ep1", -time.Minute), r("b", "m1", 0), r("a", "m4", 3*time.Hour), unseen("a", "m5", 4*time.Hour)})
	if !reflect.DeepEqual(got, want) {
		t.Errorf("\n got %+v\nwant %+v", got, want)
	}
	if got := Merge(nil, imported); len(got) != len(imported) {
		t.Errorf("without a history of its own: %+v", got)
	}
}

func TestSmallest(t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 16))
	for n := 1; n < 60; n++ {
		x := make([]float64, n)
		for i := range x {
			x[i] = float64(rng.IntN(20))
		}
		sorted := slices.Sorted(slices.Values(x))
		for rank := 1; rank <= n; rank++ {
			if got := smallest(slices.Clone(x), rank); got != sorted[rank-1] {
				t.Fatalf("rank %d of %v: %v", rank, x, got)
			}
		}
	}
}
