package confirm

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"time"

	prom "github.com/prometheus/common/model"

	"powerha_lpm_exporter/internal/model"
)

// The recorded series of the gate, and the label by which the one query tells its parts apart.
const (
	gateSeries      = "powerha:gate:migration_end_timestamp_seconds"
	evaluatedSeries = "powerha:gate_evaluated:timestamp_seconds"
	windowSeries    = "powerha:gate_window:seconds"
	part            = "lpm_part"
)

// Query is the PromQL that asks everything about the gate of one node at one
// moment of the server: the gate's value, when its sample was written (the
// answer to an instant query is stamped with the time of the query), the same
// of the evaluation, the window, and the server's time. The series of the rule
// group may carry the two labels or not.
func Query(cluster, node string) string {
	exact := fmt.Sprintf(`{cluster=%s,node=%s}`, strconv.Quote(cluster), strconv.Quote(node))
	group := fmt.Sprintf(`{cluster=~%s,node=~%s}`, strconv.Quote("|"+regexp.QuoteMeta(cluster)), strconv.Quote("|"+regexp.QuoteMeta(node)))
	mark := func(expr, name string) string {
		return fmt.Sprintf(`label_replace(%s,%q,%q,"","")`, expr, part, name)
	}
	return mark(gateSeries+exact, "gate") +
		" or " + mark("timestamp("+gateSeries+exact+")", "gate_time") +
		" or " + mark(evaluatedSeries+group, "evaluated") +
		" or " + mark("timestamp("+evaluatedSeries+group+")", "evaluated_time") +
		" or " + mark(windowSeries+group, "window") +
		" or " + mark("vector(time())", "now")
}

// fill puts an answer into g. It trusts nothing: unknown parts, foreign labels, several series that disagree and
// values that are no numbers are errors.
func fill(g *model.GateSample, vec prom.Vector, cluster, node string) error {
	parts := map[string][]*prom.Sample{}
	for _, s := range vec {
		if !ours(s.Metric["cluster"], cluster) || !ours(s.Metric["node"], node) {
			return fmt.Errorf("answered with a series of another node: %s", s.Metric)
		}
		if v := float64(s.Value); math.IsNaN(v) || math.IsInf(v, 0) || v < 0 || v > maxSeconds {
			return fmt.Errorf("%s has the impossible value %v", s.Metric, v)
		}
		name := string(s.Metric[part])
		parts[name] = append(parts[name], s)
	}
	now := parts["now"]
	if len(now) != 1 {
		return fmt.Errorf("answered without its own time; is it Prometheus?")
	}
	g.ServerTime = at(float64(now[0].Value))
	if err := fillGate(g, parts["gate"], parts["gate_time"]); err != nil {
		return err
	}
	if e := parts["evaluated"]; len(e) > 0 {
		// The older of what the rule says and when it was written.
		g.EvaluatedFound, g.EvaluatedTime = true, at(min(least(e), least(parts["evaluated_time"])))
	}
	if w := parts["window"]; len(w) > 0 {
		if least(w) > maxWindow {
			return fmt.Errorf("%s has the impossible value %v", w[0].Metric, w[0].Value)
		}
		g.Window = time.Duration(least(w) * float64(time.Second))
	}
	return nil
}

func fillGate(g *model.GateSample, values, times []*prom.Sample) error {
	if len(values) == 0 {
		return nil
	}
	if len(values) != len(times) {
		return fmt.Errorf("%d samples of %s, but %d times", len(values), gateSeries, len(times))
	}
	for _, v := range values[1:] {
		if v.Value != values[0].Value {
			return fmt.Errorf("several series of %s for this node disagree: %s and %s; is a rule file loaded twice?", gateSeries, values[0].Metric, v.Metric)
		}
	}
	g.Found, g.EndMillis, g.SampleTime = true, int64(math.Round(float64(values[0].Value)*1000)), at(least(times))
	return nil
}

// What is beyond these is no time (the year 5138) and no window (30 years).
const (
	maxSeconds = 1e11
	maxWindow  = 1e9
)

// ours: the label is absent or the one that was asked for.
func ours(got prom.LabelValue, want string) bool { return got == "" || string(got) == want }

// least is the smallest value; with several copies of a series the most cautious one counts.
func least(samples []*prom.Sample) float64 {
	out := math.Inf(1)
	for _, s := range samples {
		out = min(out, float64(s.Value))
	}
	return out
}

func at(seconds float64) time.Time { return time.UnixMilli(int64(math.Round(seconds * 1000))).UTC() }
