package advise

import (
	"math"
	"math/rand/v2"
	"slices"
)

// gumbel is the distribution F(x) = exp(-exp(-(x-loc)/scale)).
type gumbel struct{ loc, scale float64 }

const eulerGamma = 0.57721566490153286

// fitGumbel estimates the parameters by L-moments from at least two sorted values. Scale is 0 when they are all the same.
func fitGumbel(sorted []float64) gumbel {
	n := float64(len(sorted))
	var b0, b1 float64
	for i, x := range sorted {
		b0 += x / n
		b1 += float64(i) / (n - 1) * (x / n)
	}
	scale := (2*b1 - b0) / math.Ln2
	return gumbel{loc: b0 - eulerGamma*scale, scale: scale}
}

func (g gumbel) reduced(x float64) float64 { return (x - g.loc) / g.scale }

// survival is the probability of more than z in the standard distribution.
func survival(z float64) float64 { return -math.Expm1(-math.Exp(-z)) }

// distance is the statistic A² of Anderson and Darling of sorted values; it weighs the tails.
func (g gumbel) distance(sorted []float64) float64 {
	n := len(sorted)
	var sum float64
	for i, x := range sorted {
		below := -math.Exp(-g.reduced(x))                     // ln F(x_i)
		above := math.Log(survival(g.reduced(sorted[n-1-i]))) // ln (1 − F(x_{n+1−i}))
		sum += float64(2*i+1) / float64(n) * (below + above)
	}
	return -float64(n) - sum
}

// pivots is what the estimators do to samples of the standard distribution of one size: they do the same, shifted and
// stretched, to those of any other.
type pivots struct {
	loc, scale, distance []float64
}

const (
	rounds = 2000
	seed   = 0x1b57
	// lowerRank is that of the quantile 1 − Confidence among the rounds.
	lowerRank = (rounds + 1) / 20
)

// newPivots simulates samples of n.
func newPivots(n int) pivots {
	rng := rand.New(rand.NewPCG(seed, uint64(n)))
	p := pivots{make([]float64, rounds), make([]float64, rounds), make([]float64, rounds)}
	x := make([]float64, n)
	for r := range rounds {
		for i := range x {
			x[i] = -math.Log(rng.ExpFloat64())
		}
		slices.Sort(x)
		g := fitGumbel(x)
		p.loc[r], p.scale[r], p.distance[r] = g.loc, g.scale, g.distance(x)
	}
	return p
}

// chance is how often a sample of the family itself lies at least as far off.
func (p pivots) chance(distance float64) float64 {
	n := 1
	for _, d := range p.distance {
		if !(d < distance) { // NaN is as far off as can be
			n++
		}
	}
	return float64(n) / float64(rounds+1)
}

// upper is the upper limit of the probability of more than x, of which the fit says the reduced value z.
//
// With loc' = loc + scale·L and scale' = scale·S, where (L, S) has the simulated distribution, the true reduced value
// is w = L + z·S: its lower quantile gives the largest probability.
func (p pivots) upper(z float64) float64 {
	w := make([]float64, rounds)
	for r := range w {
		w[r] = p.loc[r] + z*p.scale[r]
	}
	return survival(smallest(w, lowerRank))
}

// smallest is the value of that rank, counted from 1. It reorders x.
func smallest(x []float64, rank int) float64 {
	for lo, hi := 0, len(x)-1; lo < hi; {
		pivot, i, j := x[lo+(hi-lo)/2], lo, hi
		for i <= j {
			for x[i] < pivot {
				i++
			}
			for x[j] > pivot {
				j--
			}
			if i <= j {
				x[i], x[j] = x[j], x[i]
				i, j = i+1, j-1
			}
		}
		switch k := rank - 1; {
		case k <= j:
			hi = j
		case k >= i:
			lo = i
		default:
			return x[k]
		}
	}
	return x[rank-1]
}
