package paging

import (
	"slices"
	"strings"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
)

// changed carries one change out.
func (f *Feed) changed(families []*dto.MetricFamily, c change, now time.Time) []*dto.MetricFamily {
	name := c.series.Get(model.MetricNameLabel)
	i := slices.IndexFunc(families, func(m *dto.MetricFamily) bool { return m.GetName() == name })
	if i < 0 {
		families = append(families, &dto.MetricFamily{Name: &name, Type: kindOf(name).Enum()})
		i = len(families) - 1
	}
	family := families[i]
	switch {
	case c.gone:
		family.Metric = slices.DeleteFunc(family.Metric, func(m *dto.Metric) bool { return matches(m, c.series) })
		return families
	case c.state != "":
		setState(family, c)
		return families
	}
	found := false
	for _, m := range family.Metric {
		if matches(m, c.series) {
			set(m, family.GetType(), c.at(now))
			found = true
		}
	}
	if !found {
		family.Metric = append(family.Metric, f.added(family.GetType(), c, now))
	}
	return families
}

// kindOf a series that the calm state has none of goes by its name, as everywhere in the reference of metrics.
func kindOf(name string) dto.MetricType {
	if strings.HasSuffix(name, "_total") {
		return dto.MetricType_COUNTER
	}
	return dto.MetricType_GAUGE
}

// matches: the metric has all labels that are named.
func matches(m *dto.Metric, series labels.Labels) bool {
	ok := true
	series.Range(func(l labels.Label) {
		ok = ok && (l.Name == model.MetricNameLabel || slices.ContainsFunc(m.Label, func(p *dto.LabelPair) bool {
			return p.GetName() == l.Name && p.GetValue() == l.Value
		}))
	})
	return ok
}

// setState makes one state of a set the current one. The label of the states is the one that has it as a value.
func setState(family *dto.MetricFamily, c change) {
	label := ""
	for _, m := range family.Metric {
		for _, p := range m.Label {
			named := p.GetName() == "cluster" || p.GetName() == "node" // may be called as a state is
			if p.GetValue() == c.state && !named {
				label = p.GetName()
			}
		}
	}
	for _, m := range family.Metric {
		if !matches(m, c.series) {
			continue
		}
		value := 0.0
		if slices.ContainsFunc(m.Label, func(p *dto.LabelPair) bool { return p.GetName() == label && p.GetValue() == c.state }) {
			value = 1
		}
		set(m, family.GetType(), value)
	}
}

// added is a series that the calm state has not.
func (f *Feed) added(kind dto.MetricType, c change, now time.Time) *dto.Metric {
	m := &dto.Metric{}
	add := func(name, value string) {
		m.Label = append(m.Label, &dto.LabelPair{Name: &name, Value: &value})
	}
	all := labels.NewBuilder(c.series).Del(model.MetricNameLabel)
	if c.series.Get("cluster") == "" {
		all.Set("cluster", f.cluster)
	}
	if c.series.Get("node") == "" {
		all.Set("node", f.Node)
	}
	all.Labels().Range(func(l labels.Label) { add(l.Name, l.Value) })
	set(m, kind, c.at(now))
	return m
}
