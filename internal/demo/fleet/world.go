package fleet

import (
	"fmt"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/relabel"
)

// story is what happens in a cluster around the end of the data.
type story int

const (
	calm        story = iota
	moving            // node 1 is copied: unmanaged, protected, heard
	frozen            // the same, and not heard for a minute
	confirming        // node 1 has been moved and waits for the gate
	failing           // the same, and its application is down
	forgotten         // unmanaged for hours, deadline passed
	gone              // the exporter of node 2 has not been heard for 20 minutes
	restarted         // exporter and actor of node 1 restarted ten minutes ago: a gap, and counters from 0
	renamed           // a resource group got another name half an hour ago: the old series end
	disagreeing       // the nodes tell different settings
)

// Of fifty clusters nine have a story, so that the smallest fleet has each of
// them once, and a large one hundreds at the same time.
const perStory = 50

func storyOf(cluster int) story {
	if k := cluster % perStory; k > 0 && k <= int(disagreeing) {
		return story(k)
	}
	return calm
}

// Scrape is the interval of the samples.
const Scrape = 15 * time.Second

// Part is a part of a fleet: what one ruler is responsible for.
type Part struct {
	Nodes         int // of the whole fleet, two a cluster
	Shards, Shard int
	End           time.Time // of the data; evaluation starts there
}

// clusters lists the numbers of those of the part's clusters that hashmod keeps.
func (p Part) clusters() []int {
	var out []int
	for c := range p.Nodes / 2 {
		if p.keeps(clusterName(c)) {
			out = append(out, c)
		}
	}
	return out
}

// keeps applies the relabelling with which a Prometheus takes its share of the clusters.
func (p Part) keeps(cluster string) bool {
	const shard = "__tmp_shard"
	b := labels.NewBuilder(labels.FromStrings("cluster", cluster))
	return relabel.ProcessBuilder(b,
		&relabel.Config{
			SourceLabels: model.LabelNames{"cluster"}, Separator: ";", Modulus: uint64(p.Shards), TargetLabel: shard,
			Regex: relabel.MustNewRegexp("(.*)"), Replacement: "$1", Action: relabel.HashMod, NameValidationScheme: model.UTF8Validation,
		},
		&relabel.Config{
			SourceLabels: model.LabelNames{shard}, Separator: ";", Regex: relabel.MustNewRegexp(fmt.Sprint(p.Shard)),
			Replacement: "$1", Action: relabel.Keep, NameValidationScheme: model.UTF8Validation,
		})
}

func clusterName(c int) string { return fmt.Sprintf("cluster%05d", c) }

// node is one node of a cluster and what it tells.
type node struct {
	cluster       int
	first         bool // the node of the story
	name, peer    string
	story         story
	end           time.Time
	offset        time.Duration // of its scrapes within the interval
	exporterHost  string
	group         string // the group at home here
	other         string // the group at home on the peer
	previousGroup string // the name that group had before
}

func nodes(c int, end time.Time) [2]node {
	var out [2]node
	for i := range out {
		n := &out[i]
		*n = node{cluster: c, first: i == 0, story: storyOf(c), end: end}
		n.name, n.peer = fmt.Sprintf("n%05da", c), fmt.Sprintf("n%05db", c)
		n.group, n.other = "rg1", "rg2"
		if i == 1 {
			n.name, n.peer = n.peer, n.name
			n.group, n.other = n.other, n.group
		}
		if n.story == renamed && n.first {
			n.previousGroup = "rg0"
		}
		n.offset = time.Duration((2*c+i)%1000) * Scrape / 1000
		n.exporterHost = n.name + ".example.com"
	}
	return out
}

// unmanaged nodes are those in the midst of a migration or kept after one.
func (n *node) unmanaged() bool {
	return n.first && (n.story == moving || n.story == frozen || n.story == confirming || n.story == failing || n.story == forgotten)
}

// heard says whether a scrape at that time reaches the node's programs.
func (n *node) heard(t time.Time) bool {
	ago := n.end.Sub(t)
	switch {
	case n.story == frozen && n.first:
		return ago > time.Minute
	case n.story == gone && !n.first:
		return ago > 20*time.Minute
	case n.story == restarted && n.first:
		return ago > 10*time.Minute || ago <= 10*time.Minute-2*Scrape
	default:
		return true
	}
}
