package advise

import (
	"math"

	"gonum.org/v1/gonum/mathext"
)

// Confidence of every upper limit, one-sided.
const Confidence = 0.95

// upperLimit is the exact upper limit of Clopper and Pearson for a probability, after k of n. With n = 0 it is 1.
func upperLimit(k, n int) float64 {
	switch {
	case k >= n:
		return 1
	case k == 0: // in closed form
		return -math.Expm1(math.Log(1-Confidence) / float64(n))
	default:
		return mathext.InvRegIncBeta(float64(k+1), float64(n-k), Confidence)
	}
}

// needed is how many observations without one exceedance make the upper limit as small as the risk.
func needed(risk float64) int {
	n := int(math.Ceil(math.Log(1-Confidence) / math.Log1p(-risk)))
	for n > 1 && upperLimit(0, n-1) <= risk {
		n--
	}
	for upperLimit(0, n) > risk {
		n++
	}
	return n
}
