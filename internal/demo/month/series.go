package month

// Sample is one sample of a series; a stale one says that the series ended there.
type Sample struct {
	At    int
	Value float64
	Stale bool
}

// Series is one series with all of its samples.
type Series struct {
	Labels  map[string]string
	Samples []Sample
}

// offset is when in its interval a node is scraped.
func offset(node string) int { return map[string]int{"n1": 7, "n2": 19}[node] }

func in(spans []Span, t int) bool {
	for _, s := range spans {
		if s.Has(t) {
			return true
		}
	}
	return false
}

// frozen reports whether the node does not run.
func (s Story) frozen(node string, t int) bool {
	for _, m := range s.Moves {
		if m.Node == node && m.Frozen.Has(t) {
			return true
		}
	}
	return false
}

// Down reports whether the application fails its users.
func (s Story) Down(app string, t int) bool {
	for _, m := range s.Moves {
		if m.Node == Apps()[app] && (Span{m.Frozen.From, m.Frozen.To + m.Brownout}).Has(t) {
			return true
		}
	}
	return in(s.Outages[app], t)
}

// now is the migration of the node whose window is open, and last the one that began last; nil without one.
func (s Story) now(node string, t int) (now, last *Move) {
	for i := range s.Moves {
		m := &s.Moves[i]
		if m.Node != node || m.Start > t {
			continue
		}
		last = m
		if t < m.Resume {
			now = m
		}
	}
	return now, last
}

// value is what a series shows at a scrape.
type value struct {
	name   string
	labels map[string]string
	v      float64
}

func bool01(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// scrape is what the exporter of a node shows, given the time of the month in seconds since 1970.
func (s Story) scrape(node string, t int, begin float64) []value {
	now, last := s.now(node, t)
	out := []value{
		{"powerha_lpm_phase", map[string]string{"phase": "idle"}, bool01(now == nil)},
		{"powerha_node_managed", nil, bool01(now == nil || t < now.Start+10)},
		{"powerha_lpm_declared_window_open", nil, bool01(now != nil)},
	}
	if now != nil && t < now.Start+Cap {
		out = append(out, value{"powerha_lpm_declared_window_until_timestamp_seconds", nil, begin + float64(now.Start+Cap)})
	}
	if last != nil {
		out = append(out, value{"powerha_lpm_last_migration_start_timestamp_seconds", nil, begin + float64(last.Start)})
	}
	out = append(out, s.told(node, t, begin)...)
	for app, owner := range Apps() {
		labels := map[string]string{"application": app, "target_node": owner}
		if owner == node {
			labels["vantage"], labels["probe"] = "local", "own"
			out = append(out, value{"powerha_application_probe_success", labels, bool01(!in(s.Outages[app], t))})
		} else {
			labels["vantage"], labels["probe"] = "peer", "users"
			out = append(out, value{"powerha_application_probe_success", labels, bool01(!s.Down(app, t))})
		}
	}
	return out
}

// told is what the exporter says of the last migration that it knows the end, the freeze, and the judgement of.
func (s Story) told(node string, t int, begin float64) []value {
	var ended, froze, judged *Move
	results := map[string]float64{"completed": 0, "aborted": 0}
	verdicts := 0.0
	for i := range s.Moves {
		m := &s.Moves[i]
		if m.Node != node {
			continue
		}
		if t >= m.End {
			ended = m
			results[m.Result]++
		}
		if t >= m.Frozen.To+5 && m.Frozen.To > m.Frozen.From {
			froze = m
		}
		if t >= m.Resume+30 {
			judged = m
			verdicts++
		}
	}
	out := []value{{"powerha_lpm_verdicts_total", map[string]string{"verdict": "pass"}, verdicts}}
	for r, n := range results {
		out = append(out, value{"powerha_lpm_migrations_total", map[string]string{"result": r}, n})
	}
	if ended != nil {
		out = append(out, value{"powerha_lpm_last_migration_end_timestamp_seconds", nil, begin + float64(ended.End)})
	}
	if froze != nil {
		fused := map[string]string{"estimator": "fused"}
		out = append(out,
			value{"powerha_lpm_last_freeze_duration_seconds", fused, float64(froze.Frozen.To - froze.Frozen.From)},
			value{"powerha_lpm_last_freeze_start_timestamp_seconds", fused, begin + float64(froze.Frozen.From)},
			value{"powerha_lpm_last_freeze_error_bound_seconds", fused, 0.25},
			value{"powerha_lpm_last_brownout_duration_seconds", nil, float64(froze.Brownout)})
	}
	if judged != nil {
		out = append(out, value{"powerha_lpm_last_probe_outage_seconds", map[string]string{"vantage": "peer"}, float64(judged.Frozen.To - judged.Frozen.From + judged.Brownout)})
	}
	return out
}
