package month

import "sort"

// counted is the month of an application, counted second by second, or evaluation by evaluation.
type counted struct {
	up, down, unknown, byNode, upOutside, downOutside float64
	excluded, refusedByMigration, refusedByMonth      float64
}

// add books one second, or one evaluation.
func (c *counted) add(state int, left bool) {
	switch {
	case state < 0:
		c.unknown++
		return
	case state == 1:
		c.up++
	default:
		c.down++
	}
	switch {
	case left:
		c.excluded++
	case state == 1:
		c.upOutside++
	default:
		c.downOutside++
	}
}

// spoken says for every second what a series says then, -1 where it says nothing. A sample speaks until the next one,
// unless more than two and a half intervals lie between: then for one interval.
func spoken(s *Series) []float64 {
	out := make([]float64, Length)
	for i := range out {
		out[i] = -1
	}
	var real []Sample
	for _, v := range s.Samples {
		if !v.Stale {
			real = append(real, v)
		}
	}
	for i, v := range real {
		until := v.At + Scrape
		if i+1 < len(real) && real[i+1].At-v.At <= Scrape*5/2 {
			until = real[i+1].At
		}
		for t := v.At; t < until && t < Length; t++ {
			out[t] = v.Value
		}
	}
	return out
}

func find(all []*Series, name string, match map[string]string) []*Series {
	var out []*Series
	for _, s := range all {
		fits := s.Labels["__name__"] == name
		for k, v := range match {
			fits = fits && s.Labels[k] == v
		}
		if fits {
			out = append(out, s)
		}
	}
	return out
}

// window says for every second whether a declared window of the node is counted (1), refused (0), or not there (-1).
func window(all []*Series, node string) []int {
	out := make([]int, Length)
	for i := range out {
		out[i] = -1
	}
	until := map[int]float64{}
	for _, s := range find(all, "powerha_lpm_declared_window_until_timestamp_seconds", map[string]string{"node": node}) {
		for _, v := range s.Samples {
			if !v.Stale {
				until[v.At] = v.Value - float64(begin.Unix())
			}
		}
	}
	for _, s := range find(all, "powerha_lpm_declared_window_open", map[string]string{"node": node}) {
		last := Sample{At: -1}
		for _, v := range s.Samples {
			if v.Stale {
				continue
			}
			if last.At >= 0 && last.Value == 1 && v.Value == 1 {
				for t := last.At; t < v.At; t++ {
					ends, ok := until[last.At]
					out[t] = 0
					if ok && (v.At-last.At <= Scrape*5/2 || float64(t) < ends) {
						out[t] = 1
					}
				}
			}
			last = v
		}
	}
	return out
}

// count counts the seconds of the month.
func count(all []*Series, app string, limit int) counted {
	var c counted
	owner := Apps()[app]
	var peer, local [][]float64
	for _, s := range find(all, "powerha_application_probe_success", map[string]string{"application": app}) {
		if s.Labels["vantage"] == "peer" {
			peer = append(peer, spoken(s))
		} else {
			local = append(local, spoken(s))
		}
	}
	w := window(all, owner)
	for t := range Length {
		state := peer[0][t]
		if state < 0 {
			if state = local[0][t]; state >= 0 {
				c.byNode++
			}
		}
		left := false
		if state >= 0 {
			switch {
			case w[t] == 0:
				c.refusedByMigration++
			case w[t] == 1 && int(c.excluded) < limit:
				left = true
			case w[t] == 1:
				c.refusedByMonth++
			}
		}
		c.add(int(state), left)
	}
	return c
}

// lookup is what Prometheus finds of a series at a moment: the last sample of five minutes, unless it is stale.
func lookup(s *Series, t int) (float64, bool) {
	i := sort.Search(len(s.Samples), func(i int) bool { return s.Samples[i].At > t }) - 1
	if i < 0 || s.Samples[i].Stale || s.Samples[i].At <= t-5*minute {
		return 0, false
	}
	return s.Samples[i].Value, true
}

// remembered is the last value of two hours.
func remembered(s *Series, t int) (float64, bool) {
	i := sort.Search(len(s.Samples), func(i int) bool { return s.Samples[i].At > t }) - 1
	for ; i >= 0 && s.Samples[i].At > t-2*hour; i-- {
		if !s.Samples[i].Stale {
			return s.Samples[i].Value, true
		}
	}
	return 0, false
}

// countEvaluations counts what the rules had to find at each of their evaluations after the first.
func countEvaluations(s Story, all []*Series, app string) counted {
	var c counted
	owner := map[string]string{"node": Apps()[app]}
	one := func(name string, match map[string]string) *Series { return find(all, name, match)[0] }
	peer := one("powerha_application_probe_success", map[string]string{"application": app, "vantage": "peer"})
	local := one("powerha_application_probe_success", map[string]string{"application": app, "vantage": "local"})
	until := one("powerha_lpm_declared_window_until_timestamp_seconds", owner)
	open := one("powerha_lpm_declared_window_open", owner)
	idle := one("powerha_lpm_phase", owner)
	for t := ruleInterval; t <= Length; t += ruleInterval {
		if in(s.Dark, t) {
			continue
		}
		v, ok := lookup(peer, t)
		if !ok {
			v, ok = lookup(local, t)
		}
		if !ok {
			c.unknown++
			continue
		}
		_, counted := lookup(until, t)
		isOpen, _ := lookup(open, t)
		refused := !counted && isOpen == 1
		if _, heard := lookup(idle, t); !heard {
			was, known := remembered(idle, t)
			ends, told := remembered(until, t)
			counted = known && was == 0 && told && ends-float64(begin.Unix()) > float64(t)
			refused = known && was == 0 && told && !counted
		}
		if refused {
			c.refusedByMigration++
		}
		c.add(int(v), counted)
	}
	return c
}
