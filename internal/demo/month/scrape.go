package month

import (
	"fmt"
	"maps"
	"slices"
)

// Scraped is one sample together with its series, in the order of time.
type Scraped struct {
	Series *Series
	Sample Sample
}

// Each scrapes the month, as seconds since 1970 begin it, and hands every sample on in the order of time.
func (s Story) Each(begin float64, each func(Scraped) error) ([]*Series, error) {
	all := map[string]*Series{}
	here := map[string]map[string]*Series{"n1": {}, "n2": {}} // those that the last scrape of a node had
	for t := range Length {
		for _, node := range []string{"n1", "n2"} {
			if t%Scrape != offset(node) || in(s.Dark, t) {
				continue
			}
			found := map[string]*Series{}
			if !s.frozen(node, t) && !in(s.Away[node], t) {
				for _, v := range s.scrape(node, t, begin) {
					one := series(all, node, v)
					found[key(one.Labels)] = one
					if err := add(one, Sample{At: t, Value: v.v}, each); err != nil {
						return nil, err
					}
				}
			}
			for k, gone := range here[node] {
				if found[k] == nil {
					if err := add(gone, Sample{At: t, Stale: true}, each); err != nil {
						return nil, err
					}
				}
			}
			here[node] = found
		}
	}
	out := make([]*Series, 0, len(all))
	for _, k := range slices.Sorted(maps.Keys(all)) {
		out = append(out, all[k])
	}
	return out, nil
}

func add(s *Series, v Sample, each func(Scraped) error) error {
	s.Samples = append(s.Samples, v)
	return each(Scraped{Series: s, Sample: v})
}

func series(all map[string]*Series, node string, v value) *Series {
	labels := map[string]string{"__name__": v.name, "cluster": Cluster, "node": node, "instance": node + ":10981", "job": "powerha"}
	maps.Copy(labels, v.labels)
	k := key(labels)
	if all[k] == nil {
		all[k] = &Series{Labels: labels}
	}
	return all[k]
}

func key(labels map[string]string) string { return fmt.Sprint(labels) } // maps print in the order of their keys
