package powerha

import (
	"strings"
	"time"

	"powerha_lpm_exporter/internal/model"
)

// ClutilsEvent is a phase of a migration as PowerHA's own DR script tells it in clutils.log.
type ClutilsEvent struct {
	Kind model.EventKind // checkmigrate, premigrate, postmigrate, undopremigrate
	// Stamp is the time of the line as it stands there, taken for UTC; zero where it is not understood, as in another
	// language. Zone is the word for its zone.
	Stamp time.Time
	Zone  string
	// Implied: the line does not name the phase, but only this phase writes under its tag.
	Implied bool
}

// ParseClutils reads lines of clutils.log (SG24-8278 ex. 8-20 and 8-21), to which all utilities of PowerHA write: what
// date(1) prints, the tag of the writer, its text.
//
//	Tue Jan 26 10:57:52 UTC 2016 cl_2dr: POST_MIGRATE entered
//
// Its DR script has the tag cl_dr in the check, pre and undo phase, cl_2dr in the post phase. Lines of others, what
// called commands print, and what the script says besides are passed over. unparsed counts lines of the script that name
// a phase which is not known.
func ParseClutils(b []byte) (events []ClutilsEvent, unparsed int) {
	for line := range lines(b) {
		stamp, text, post, ok := clDRLine(line)
		if !ok {
			continue
		}
		word, rest, _ := strings.Cut(text, " ")
		kind, phase := clDRPhase(word)
		e := ClutilsEvent{Kind: kind}
		switch {
		case phase && kind == "":
			unparsed++
			continue
		case phase && leaves(rest):
			continue
		case phase:
		case post:
			e.Kind, e.Implied = model.EventPost, true
		default:
			continue
		}
		e.Stamp, e.Zone = dateStamp(stamp)
		events = append(events, e)
	}
	return events, unparsed
}

// clDRLine takes a line of the DR script apart. post reports the tag of the post phase.
func clDRLine(line string) (stamp, text string, post, ok bool) {
	for _, tag := range [...]string{"cl_dr:", "cl_2dr:"} {
		at := strings.Index(line, tag)
		if at < 0 || at > 64 || at > 0 && line[at-1] != ' ' && line[at-1] != '\t' {
			continue
		}
		return line[:at], strings.TrimSpace(line[at+len(tag):]), tag == "cl_2dr:", true
	}
	return "", "", false, false
}

// clDRPhase reads the word for a phase. phase reports that it is one, known or not.
func clDRPhase(word string) (kind model.EventKind, phase bool) {
	if !strings.HasSuffix(word, "MIGRATE") {
		return "", false
	}
	switch strings.ReplaceAll(word, "_", "") {
	case "CHECKMIGRATE":
		return model.EventCheck, true
	case "PREMIGRATE":
		return model.EventPre, true
	case "POSTMIGRATE":
		return model.EventPost, true
	case "UNDOPREMIGRATE":
		return model.EventUndoPre, true
	case "UNDOCHECKMIGRATE":
		return model.EventUndoCheck, true
	default:
		return "", true
	}
}

// leaves reports whether the words behind a phase tell that it is over. Any other, in whatever language, tells that it
// is entered.
func leaves(rest string) bool {
	for _, w := range [...]string{"complete", "exit", "end", "done", "fail", "return", "leav", "left"} {
		if strings.HasPrefix(strings.ToLower(strings.TrimSpace(rest)), w) {
			return true
		}
	}
	return false
}

// dateStamp reads what date(1) prints in the C locale: "Tue Jan 26 10:57:09 UTC 2016".
func dateStamp(s string) (t time.Time, zone string) {
	f := strings.Fields(s)
	if len(f) != 6 {
		return time.Time{}, ""
	}
	t, err := time.Parse("Mon Jan 2 15:04:05 2006", strings.Join([]string{f[0], f[1], f[2], f[3], f[5]}, " "))
	if err != nil {
		return time.Time{}, ""
	}
	return t, clip(f[4])
}
