package crosscheck

import "powerha_lpm_exporter/internal/model"

// rounds is how many rounds a difference has to last: one may be seen because something happened between two commands.
const rounds = 2

// Tracker keeps differences until they have lasted. Its zero value knows nothing.
type Tracker struct {
	pairs map[pair]*seen
}

type pair struct {
	fact        Fact
	wins, other model.Source
}

type seen struct {
	known bool
	// differs counts the rounds in a row in which the two differed; winsAt and otherAt are of the last one counted.
	differs         int
	winsAt, otherAt model.Instant
	text            string
	why             Why
}

// Step takes a round of comparisons in. Both readings of a pair have to be new for another round of it. Agreement ends
// a difference at once.
func (t *Tracker) Step(results []Result) {
	if t.pairs == nil {
		t.pairs = make(map[pair]*seen)
	}
	for _, r := range results {
		key := pair{r.Fact, r.Wins, r.Other}
		s := t.pairs[key]
		if s == nil {
			s = &seen{}
			t.pairs[key] = s
		}
		s.step(r)
	}
}

func (s *seen) step(r Result) {
	switch {
	case r.Verdict == Agree:
		*s = seen{known: true}
	case r.Verdict == Differ:
		if s.differs == 0 || s.winsAt.Before(r.WinsAt) && s.otherAt.Before(r.OtherAt) {
			s.differs = min(s.differs+1, rounds)
			s.winsAt, s.otherAt = r.WinsAt, r.OtherAt
		}
		s.known = s.known || s.differs >= rounds
		s.text, s.why = r.Text, r.Why
	case r.Why == WhyApart || r.Why == WhyMoving: // no evidence: what was known stays
	default:
		*s = seen{}
	}
}

// Disagree tells of each fact that could be compared whether its sources disagree, and for how long enough.
func (t *Tracker) Disagree() map[Fact]bool {
	out := make(map[Fact]bool)
	for key, s := range t.pairs {
		if s.known {
			out[key.fact] = out[key.fact] || s.differs >= rounds
		}
	}
	return out
}

// Disagrees reports whether that pair of sources disagrees.
func (t *Tracker) Disagrees(f Fact, wins, other model.Source) bool {
	s := t.pairs[pair{f, wins, other}]
	return s != nil && s.differs >= rounds
}

// Texts says of each fact whose sources disagree what they tell.
func (t *Tracker) Texts() map[Fact]string {
	out := make(map[Fact]string)
	for _, r := range Rules() { // in order: the first of a fact
		s := t.pairs[pair{r.Fact, r.Wins, r.Other}]
		if s != nil && s.differs >= rounds && out[r.Fact] == "" {
			out[r.Fact] = s.text
		}
	}
	return out
}

// Doubted lists the sources of which another reading would tell whether a difference lasts.
func (t *Tracker) Doubted() []model.Source {
	var out []model.Source
	for _, r := range Rules() {
		if s := t.pairs[pair{r.Fact, r.Wins, r.Other}]; s != nil && s.differs > 0 && s.differs < rounds {
			out = append(out, r.Wins, r.Other)
		}
	}
	return out
}
