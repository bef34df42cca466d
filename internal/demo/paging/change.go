package paging

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// change is one change of the fed series:
//
//	n1 exporter down                                        gives no samples
//	n1 exporter powerha_node_managed 0                      this value; a series that is not there is added
//	n1 exporter powerha_x_timestamp_seconds now-40          seconds before now
//	n1 actor powerha_actor_state = held                     this state of the set
//	n1 exporter powerha_node_managed gone                   none of these series
type change struct {
	node, program string
	down          bool
	series        labels.Labels // with the name; all that have these labels are meant
	state         string
	gone          bool
	relative      bool
	value         float64
}

func parseChange(line string) (change, error) {
	wrong := func(why string) (change, error) {
		return change{}, fmt.Errorf("%q: %s; write for instance: n1 exporter powerha_node_managed 0", line, why)
	}
	f := strings.Fields(line)
	if len(f) < 3 || (f[1] != "exporter" && f[1] != "actor") {
		return wrong("want a node, exporter or actor, and what changes")
	}
	c := change{node: f[0], program: f[1]}
	if len(f) == 3 && f[2] == "down" {
		c.down = true
		return c, nil
	}
	rest := strings.TrimSpace(strings.SplitN(line, f[1], 2)[1])
	at := strings.LastIndexByte(rest, ' ')
	if at < 0 {
		return wrong("the value is missing")
	}
	series, value := strings.TrimSpace(rest[:at]), rest[at+1:]
	if before, ok := strings.CutSuffix(series, "="); ok {
		series, c.state = strings.TrimSpace(before), value
	}
	var err error
	if c.series, err = parser.NewParser(parser.Options{}).ParseMetric(series); err != nil {
		return wrong(err.Error())
	}
	switch {
	case c.state != "":
		return c, nil
	case value == "gone":
		c.gone = true
		return c, nil
	}
	if after, ok := strings.CutPrefix(value, "now"); ok {
		c.relative, value = true, after
		if value == "" {
			value = "0"
		}
	}
	if c.value, err = strconv.ParseFloat(value, 64); err != nil {
		return wrong("the value is no number, now-NUMBER or gone")
	}
	return c, nil
}

func (c change) at(now time.Time) float64 {
	if c.relative {
		return c.value + float64(now.UnixMilli())/1000
	}
	return c.value
}
