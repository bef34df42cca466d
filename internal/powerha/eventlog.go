package powerha

import (
	"strconv"
	"strings"

	"powerha_lpm_exporter/internal/model"
)

// ParseEventLog reads lines of cluster.log or hacmp.out that tell of events:
//
//	Nov 23 22:10:05 nodeB user:notice PowerHA SystemMirror for AIX: EVENT START: node_down nodeA
//	Nov 23 22:10:09 nodeB user:notice PowerHA SystemMirror for AIX: EVENT COMPLETED: node_down nodeA 0
//	Nov 23 22:10:09 nodeB user:notice PowerHA SystemMirror for AIX: EVENT FAILED: 1: server_start app1 2 1
//
// (PowerHA SystemMirror troubleshooting guide, "Understanding the cluster.log file"; the product word was HACMP before
// 6.1, and some levels put a sequence number before EVENT.) All other lines are passed over: hacmp.out is a trace of
// scripts. unparsed counts lines with the word EVENT and one of the three steps that could not be understood. Stamps are
// local time without a year and are not interpreted. Seen is left to the caller.
func ParseEventLog(b []byte, source string) (events []model.ClusterEvent, unparsed int) {
	for line := range lines(b) {
		at := strings.Index(line, "EVENT ")
		if at < 0 {
			continue
		}
		step, rest, ok := eventStep(line[at+len("EVENT "):])
		if !ok {
			continue
		}
		e := model.ClusterEvent{Source: source, Step: step, Logged: stamp(line[:at])}
		if !setEvent(&e, strings.Fields(rest)) {
			unparsed++
			continue
		}
		events = append(events, e)
	}
	return events, unparsed
}

func eventStep(s string) (model.ClusterEventStep, string, bool) {
	for _, w := range [...]struct {
		word string
		step model.ClusterEventStep
	}{{"START", model.ClusterEventStart}, {"COMPLETED", model.ClusterEventCompleted}, {"FAILED", model.ClusterEventFailed}} {
		if rest, ok := strings.CutPrefix(s, w.word); ok {
			return w.step, strings.TrimPrefix(strings.TrimSpace(rest), ":"), true
		}
	}
	return "", "", false
}

// maxArgs is more than any event has.
const maxArgs = 16

// setEvent takes the words after the step: the event with its arguments, the exit status last where it has ended, and
// the code of a failure first.
func setEvent(e *model.ClusterEvent, words []string) bool {
	if e.Step == model.ClusterEventFailed && len(words) > 1 && strings.HasSuffix(words[0], ":") {
		words = words[1:]
	}
	if len(words) == 0 || !isEvent(words[0]) {
		return false
	}
	e.Name, words = words[0], words[1:]
	if n := len(words); n > 0 && (e.Step == model.ClusterEventCompleted || e.Step == model.ClusterEventFailed) {
		if code, err := strconv.Atoi(words[n-1]); err == nil {
			e.Exit, words = &code, words[:n-1]
		}
	}
	for _, w := range words[:min(len(words), maxArgs)] {
		e.Args = append(e.Args, clip(w))
	}
	return true
}

// isEvent: names of events are lower-case words.
func isEvent(s string) bool {
	return len(s) <= 64 && strings.Trim(s, "abcdefghijklmnopqrstuvwxyz0123456789_") == ""
}

// stamp is the time before an entry as printed, "Nov 23 22:10:05", or nothing.
func stamp(s string) string {
	f := strings.Fields(s)
	if len(f) < 3 || len(f[0]) != 3 || strings.Count(f[2], ":") != 2 {
		return ""
	}
	return clip(strings.Join(f[:3], " "))
}

// SummaryReader reads the event summaries of hacmp.out, which may come in pieces:
//
//	HACMP Event Summary
//	Event: node_down nodeA
//	Start time: Sun Sep  4 12:01:02 CDT 2016
//	End time: Sun Sep  4 12:01:30 CDT 2016
//
// (the labels are also those of cl_event_summaries.txt.) Names of the ODM, TE_NODE_DOWN, are read as those of events. The
// zero value is ready.
type SummaryReader struct{ open model.ClusterEvent }

// Read returns the summaries that end in b, which are whole lines.
func (s *SummaryReader) Read(b []byte, source string) []model.ClusterEvent {
	var out []model.ClusterEvent
	for line := range lines(b) {
		line = strings.TrimSpace(line)
		if rest, ok := strings.CutPrefix(line, "Event:"); ok {
			s.open = model.ClusterEvent{Source: source, Step: model.ClusterEventSummary}
			words := strings.Fields(rest)
			if len(words) == 0 {
				continue
			}
			if odm, ok := strings.CutPrefix(words[0], "TE_"); ok {
				words[0] = strings.ToLower(odm)
			}
			if !setEvent(&s.open, words) {
				s.open.Name = ""
			}
		} else if rest, ok := strings.CutPrefix(line, "Start time:"); ok && s.open.Name != "" {
			s.open.Began = clip(strings.Join(strings.Fields(rest), " "))
		} else if rest, ok := strings.CutPrefix(line, "End time:"); ok && s.open.Name != "" {
			s.open.Logged = clip(strings.Join(strings.Fields(rest), " "))
			if s.open.Began != "" && s.open.Logged != "" {
				out = append(out, s.open)
			}
			s.open = model.ClusterEvent{}
		}
	}
	return out
}
