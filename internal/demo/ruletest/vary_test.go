package ruletest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
)

// resolving lists the alerts that may end when their node cannot be scraped, and why.
func resolving() map[string]string {
	return map[string]string{
		"PowerHAResumeReady":        "the gate shuts without samples, as it must",
		"PowerHAFreezeExpected":     "it ends with the budget",
		"PowerHATargetDown":         "it is about the silence itself",
		"PowerHADuplicateExporter":  "who is silent is told by nobody twice",
		"PowerHAClockAhead":         "a clock is compared at a scrape",
		"PowerHAHeartbeatsRejected": "a rate of what happens now; a frozen node receives nothing",
		"PowerHAWebhookRejected":    "a rate of what happens now; a frozen node receives nothing",
	}
}

// seen is what fires at a time, by its labels.
type seen map[time.Duration][]labels.Labels

func (s seen) add(at time.Duration, firing []Firing) {
	for _, f := range firing {
		s[at] = append(s[at], f.Labels)
	}
}

// coarse is the file with evaluations as far apart as that, where their number does not matter.
func (f *File) coarse(every time.Duration) *File {
	c := *f
	c.Every = model.Duration(max(time.Duration(f.Every), every))
	return &c
}

func has(all []labels.Labels, one labels.Labels) bool {
	return slices.ContainsFunc(all, func(l labels.Labels) bool { return labels.Equal(l, one) })
}

// While an alert about a node fires, the node freezes for five minutes and more: the alert stays.
func TestAFreezeResolvesNothing(t *testing.T) {
	const freeze = 6 * time.Minute
	each(t, func(t *testing.T, f *File, c Case, in []Series) {
		calm := seen{}
		if err := f.Play(t.Context(), in, time.Duration(c.Interval), c.End(), calm.add, nil); err != nil {
			t.Fatal(err)
		}
		// The first time at which each alert of a node is expected to fire, one freeze for all that begin then.
		type frozen struct {
			cluster, node string
			at            time.Duration
		}
		begin := map[frozen][]labels.Labels{}
		known := []labels.Labels{}
		times := make([]time.Duration, 0, len(calm))
		for at := range calm {
			times = append(times, at)
		}
		slices.Sort(times)
		for _, at := range times {
			for _, l := range calm[at] {
				if has(known, l) {
					continue
				}
				known = append(known, l)
				if _, ok := resolving()[l.Get(labels.AlertName)]; !ok && l.Get("node") != "" {
					k := frozen{l.Get("cluster"), l.Get("node"), at}
					begin[k] = append(begin[k], l)
				}
			}
		}
		for k, alerts := range begin {
			step := time.Duration(c.Interval)
			cold := Freeze(in, step, k.cluster, k.node, k.at+step)
			after := seen{}
			if err := f.Play(t.Context(), cold, step, k.at+freeze, after.add, nil); err != nil {
				t.Fatal(err)
			}
			for _, l := range alerts {
				for at := k.at; at <= k.at+freeze; at += time.Duration(f.Every) {
					// What the unchanged series resolve as well is not the freeze's doing: an hour is over, a peer says so.
					if still := has(calm[at], l) || at > c.End(); still && !has(after[at], l) {
						t.Errorf("%s frozen from %s on: resolved at %s", l, k.at+step, at)
						break
					}
				}
			}
		}
	})
}

// A second cluster in which the same happens at the same time changes nothing in the first, and has the same alerts.
func TestTwoClustersAtOnce(t *testing.T) {
	each(t, func(t *testing.T, f *File, c Case, in []Series) {
		f = f.coarse(time.Minute)
		alone, both := seen{}, seen{}
		if err := f.Play(t.Context(), in, time.Duration(c.Interval), c.End(), alone.add, nil); err != nil {
			t.Fatal(err)
		}
		twin := With(With(in, "cluster", func(s Series) string {
			if v := s.Labels.Get("cluster"); v != "" {
				return "twin-" + v
			}
			return ""
		}), "instance", func(s Series) string {
			if v := s.Labels.Get("instance"); v != "" {
				return "twin-" + v
			}
			return ""
		})
		if err := f.Play(t.Context(), append(slices.Clone(in), twin...), time.Duration(c.Interval), c.End(), both.add, nil); err != nil {
			t.Fatal(err)
		}
		for at, want := range alone {
			for _, l := range want {
				mate := labels.NewBuilder(l)
				for _, name := range []string{"cluster", "instance"} {
					if v := l.Get(name); v != "" {
						mate.Set(name, "twin-"+v)
					}
				}
				if !has(both[at], l) || !has(both[at], mate.Labels()) {
					t.Errorf("at %s %s fires alone; with a second cluster: %v, its mate: %v", at, l, has(both[at], l), has(both[at], mate.Labels()))
				}
			}
			extra := slices.DeleteFunc(slices.Clone(both[at]), func(l labels.Labels) bool {
				return has(want, l) || strings.HasPrefix(l.Get("cluster")+l.Get("instance"), "twin-")
			})
			if len(extra) > 0 {
				t.Errorf("at %s fire only with a second cluster: %s", at, extra)
			}
		}
	})
}

// published is what exporters and actors tell: not what a test gives of recorded series, which have no publisher.
func published(in []Series) []Series {
	return slices.DeleteFunc(slices.Clone(in), func(s Series) bool { return strings.Contains(s.Labels.Get(model.MetricNameLabel), ":") })
}

// Bad labels and doubled publishers make no rule fail: nothing is matched many to many.
func TestNoRuleFails(t *testing.T) {
	without := func(string) func(Series) string { return func(Series) string { return "" } }
	for name, change := range map[string]func([]Series) []Series{
		"no cluster": func(in []Series) []Series { return With(in, "cluster", without("cluster")) },
		"no node":    func(in []Series) []Series { return With(in, "node", without("node")) },
		"two exporters for one node": func(in []Series) []Series {
			return append(slices.Clone(in), With(published(in), "instance", func(s Series) string { return "second-" + s.Labels.Get("instance") })...)
		},
		"all nodes at one address": func(in []Series) []Series {
			return With(in, "instance", func(Series) string { return "one:1" })
		},
		"three nodes tell of each": func(in []Series) []Series {
			out := slices.Clone(in)
			for i := range 3 {
				out = append(out, With(published(in), "node", func(s Series) string { return fmt.Sprintf("%s-%d", s.Labels.Get("node"), i) })...)
			}
			return out
		},
	} {
		t.Run(name, func(t *testing.T) {
			each(t, func(t *testing.T, f *File, c Case, in []Series) {
				f = f.coarse(c.End() / 6)
				if err := f.Play(t.Context(), change(in), time.Duration(c.Interval), c.End(), nil, nil); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// Without any of our series nothing fires but what says so.
func TestSeriesAbsent(t *testing.T) {
	f, err := Load(mixin + "/tests/monitoring_test.yaml")
	if err != nil {
		t.Fatal(err)
	}
	nothing := []Series{{Labels: labels.FromStrings("__name__", "unrelated", "cluster", "c", "node", "n1")}}
	fires := map[string]bool{}
	err = f.Play(t.Context(), nothing, time.Minute, time.Hour, func(_ time.Duration, firing []Firing) {
		for _, a := range firing {
			fires[a.Labels.Get(labels.AlertName)] = true
		}
	}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(fires) != 2 || !fires["PowerHAWatchdog"] || !fires["PowerHANoExporter"] {
		t.Errorf("without series fire %v", fires)
	}
}
