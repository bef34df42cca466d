package drscript

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"powerha_lpm_exporter/internal/model"
)

// Exit statuses that drmgr of AIX knows.
const (
	exitOK   = 0
	exitFail = 10
)

// Date is when this protocol part was last changed, DDMMYYYY as drmgr wants it.
const Date = "24112026"

// RunAIX answers one call of drmgr of AIX: a command and its resource. It
// writes nothing but protocol lines to out and returns the exit status.
func (s *Script) RunAIX(ctx context.Context, args []string, out io.Writer) int {
	command := ""
	if len(args) > 0 {
		command = args[0]
	}
	p := protocol{out}
	switch command {
	case "scriptinfo":
		return s.scriptinfo(p)
	case "register":
		p.say("DR_RESOURCE", "pmig")
		return exitOK
	case "usage":
		p.say("DR_USAGE", "suspends PowerHA's management of this node for the migration and resumes it once the applications are healthy")
		return exitOK
	}
	kind := model.EventKind(command)
	switch kind {
	case model.EventCheck, model.EventUndoCheck, model.EventPre, model.EventPost, model.EventUndoPre:
	default:
		p.say("DR_ERROR", fmt.Sprintf("powerha_lpm: unknown command %q", command))
		return exitFail
	}
	if len(args) > 1 && args[1] != "pmig" {
		p.say("DR_ERROR", fmt.Sprintf("powerha_lpm: %s for %q, but only pmig is registered", command, args[1]))
		return exitFail
	}
	o := s.phase(ctx, kind)
	for _, n := range o.notes {
		p.say(n.severity.dr(), "powerha_lpm: "+n.text)
	}
	if o.refusal != "" {
		p.say("DR_ERROR", "powerha_lpm: "+o.refusal)
		return exitFail
	}
	return exitOK
}

func (s *Script) scriptinfo(p protocol) int {
	p.say("DR_VERSION", "1")
	p.say("DR_DATE", Date)
	p.say("DR_SCRIPTINFO", "PowerHA LPM: safe migration of a cluster node")
	p.say("DR_VENDOR", "powerha_lpm_exporter")
	p.say("DR_TIMEOUT", fmt.Sprint(int(s.timeout()/time.Second)))
	if err := s.remember(); err != nil {
		p.say("DR_LOG_WARNING", fmt.Sprintf("powerha_lpm: the registered time limit could not be kept, %s is assumed: %v", leastTimeout, err))
	}
	return exitOK
}

func (s severity) dr() string {
	switch s {
	case info:
		return "DR_LOG_INFO"
	case warning:
		return "DR_LOG_WARNING"
	case failure:
		return "DR_LOG_ERR"
	}
	return "DR_LOG_ERR"
}

// protocol writes name=value lines.
type protocol struct{ out io.Writer }

// say writes one line. drmgr may have gone; nobody is left to tell then.
func (p protocol) say(name, text string) { _, _ = fmt.Fprintf(p.out, "%s=%s\n", name, oneLine(text)) }

// maxLine is the longest text of a line. drmgr's own limit is not published.
const maxLine = 240

// oneLine makes printable ASCII of a text that may hold names from elsewhere.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r < ' ' || r == 0x7f:
			return ' '
		case r > 0x7e:
			return '?'
		}
		return r
	}, s)
	if len(s) > maxLine {
		s = s[:maxLine-3] + "..."
	}
	return s
}
