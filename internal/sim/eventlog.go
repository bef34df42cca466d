package sim

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// The product's logs of events, below a node's root.
const (
	hacmpOut       = "var/hacmp/log/hacmp.out"
	eventSummaries = "var/hacmp/log/cl_event_summaries.txt"
)

// firstReminders is how often config_too_long repeats its message every 30 s, before the distance grows.
const firstReminders = 5

// watchTooLong runs config_too_long when an event has taken longer than MAX_EVENT_TIME and MAX_RG_PROCESSING_TIME, and
// repeats its message for as long as it goes on.
func (c *Core) watchTooLong(e *event, since time.Duration, reminders int) {
	wait := 30 * time.Second
	switch {
	case reminders == 0:
		wait = time.Duration(c.maxEventTime(e.node)) * time.Second
	case reminders > firstReminders:
		wait <<= min(reminders-firstReminders, 6)
	}
	c.timer(e.node, wait, func() {
		if c.running != e {
			return
		}
		took := c.maxEventTime(e.node)
		if c.cfg.TimerScale > 0 {
			took = int((c.now - since).Seconds() / c.cfg.TimerScale)
		}
		for _, n := range c.participants() {
			if reminders == 0 {
				e.tooLong = took
				c.clusterLog(n, "EVENT START: config_too_long "+strconv.Itoa(took)+" "+e.program())
			}
			c.emit(AppendFile{Node: n.name, Name: hacmpOut, Text: fmt.Sprintf(
				"\nWARNING: Cluster %s has been running recovery program '%s' for %d seconds. Please check cluster status.\n", c.cfg.Cluster, e.program(), took)})
		}
		c.watchTooLong(e, since, reminders+1)
	})
}

// maxEventTime is the time, in seconds, after which an event takes too long.
func (c *Core) maxEventTime(n *node) int {
	sum := 0
	for _, name := range []string{"MAX_EVENT_TIME", "MAX_RG_PROCESSING_TIME"} {
		s, err := strconv.Atoi(n.odm.extra[name])
		if err != nil || s <= 0 {
			s = 180
		}
		sum += s
	}
	return sum
}

const eventRule = "----------------------------------------------------------------------------\n"

// eventPreamble tells in hacmp.out what an event is going to do.
func (c *Core) eventPreamble(n *node, e *event) {
	c.emit(AppendFile{Node: n.name, Name: hacmpOut, Text: "\nHACMP Event Preamble\n" + eventRule +
		"Enqueued " + e.line() + ".\n" + eventRule + "\n"})
}

// eventSummary tells what it did and how long it took, in hacmp.out and in the file of summaries.
func (c *Core) eventSummary(n *node, e *event) {
	const form = "Mon Jan _2 15:04:05 2006"
	var b strings.Builder
	b.WriteString("\nHACMP Event Summary\nEvent: " + e.line() + "\nStart time: " + e.began.Format(form) + "\n\nEnd time: " +
		c.wall().Format(form) + "\n\nAction:\t\tResource:\t\t\tScript Name:\n" + eventRule)
	for _, g := range c.groups {
		if g.owner == n.name && strings.HasPrefix(e.name, "rg_move") {
			b.WriteString("Acquiring resource group:\t" + g.Name + "\tprocess_resources\n" +
				"Resource group online:\t" + g.Name + "\tprocess_resources\n")
		}
	}
	b.WriteString(eventRule + "\n")
	for _, file := range []string{hacmpOut, eventSummaries} {
		c.emit(AppendFile{Node: n.name, Name: file, Text: b.String()})
	}
}
