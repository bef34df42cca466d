package redact

import (
	"maps"
	"slices"

	"powerha_lpm_exporter/internal/model"
)

// LearnReading takes in the names that a reading holds.
func (r *Redactor) LearnReading(in *model.Reading) {
	if c := in.Cluster; c != nil {
		r.Learn(Cluster, c.Name)
	}
	for _, n := range in.Nodes {
		r.Learn(Node, n.Name)
	}
	r.rows(in.Groups)
	if m := in.Manager; m != nil {
		for _, n := range m.ForcedDown {
			r.Learn(Node, n)
		}
	}
	for _, m := range in.Members {
		r.Learn(Node, m.Name)
	}
	for i := range in.Monitors {
		r.monitor(&in.Monitors[i])
	}
	if s := in.Server; s != nil {
		r.serial(s.Serial)
	}
	r.groupAttrs(in.GroupAttrs)
	for _, a := range in.AppStates {
		r.Learn(Group, a.Group)
		r.Learn(Application, a.Application)
		r.Learn(Node, a.Node)
	}
	for _, g := range in.GroupNames {
		r.Learn(Group, g)
	}
	if t := in.Topology; t != nil {
		r.topology(t)
	}
	for _, i := range in.Interfaces {
		r.Learn(Node, i.Node)
	}
	if c := in.CAA; c != nil {
		r.Learn(Cluster, c.Name)
		for _, n := range slices.Sorted(maps.Keys(c.Nodes)) {
			r.Learn(Node, n)
		}
	}
	if p := in.Partition; p != nil {
		r.Learn(Partition, p.Name)
	}
}

func (r *Redactor) rows(rows []model.GroupRow) {
	for _, g := range rows {
		r.Learn(Group, g.Group)
		r.Learn(Node, g.Node)
		r.Learn(Site, g.Site)
	}
}

func (r *Redactor) monitor(m *model.Monitor) {
	r.Learn(Monitor, m.Name)
	r.Learn(Application, m.Application)
	r.guess(User, m.Owner)
	r.LearnPath(m.Method)
	for _, p := range m.Processes {
		r.LearnPath(p)
	}
}

// serial learns the number of a machine. AIX puts two digits of its own before the seven of the label.
func (r *Redactor) serial(s string) {
	const label = 7
	if len(s) > label {
		s = s[len(s)-label:]
	}
	r.Learn(Serial, s)
}

func (r *Redactor) groupAttrs(groups []model.GroupAttr) {
	for i := range groups {
		g := &groups[i]
		r.Learn(Group, g.Name)
		for _, n := range append(append([]string(nil), g.Nodes...), g.CurrentNodes...) {
			r.Learn(Node, n)
		}
		for _, a := range g.Applications {
			r.Learn(Application, a)
		}
		for _, l := range g.ServiceLabels {
			r.Learn(Label, l)
		}
		for _, v := range g.VolumeGroups {
			r.Learn(Volume, v)
		}
		r.rows(g.Rows)
	}
}

func (r *Redactor) topology(t *model.Topology) {
	r.Learn(Cluster, t.Cluster)
	for _, n := range t.Nodes {
		r.Learn(Node, n.Name)
		for _, network := range slices.Sorted(maps.Keys(n.Networks)) {
			r.Learn(Network, network)
			for _, l := range n.Networks[network] {
				for i, w := range split(l) {
					if i == 0 {
						r.Learn(Label, w)
					}
				}
			}
		}
	}
	r.groupAttrs(t.Groups)
}
