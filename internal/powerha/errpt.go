package powerha

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"powerha_lpm_exporter/internal/model"
)

// parseErrlog reads `errpt -a` (SG24-8278 ex. 4-4): entries between rules of
// hyphens, newest first. They are returned in the order of their sequence
// numbers, since times have whole seconds at best. No entry is no error.
func parseErrlog(in *input) ([]model.ErrlogEntry, error) {
	entries := []model.ErrlogEntry{}
	var e *errlogEntry
	flush := func() {
		if e == nil {
			return
		}
		if e.complete() {
			entries = append(entries, e.ErrlogEntry)
		} else {
			in.reject(e.at, "expected an entry with LABEL, Date/Time in UTC, Sequence Number and Resource Name")
		}
		e = nil
	}
	for l := range in.lines() {
		text := strings.TrimSpace(l.text)
		if isRule(text) {
			flush()
			continue
		}
		name, value, ok := strings.Cut(text, ":")
		if !ok {
			if e != nil {
				e.word(text) // description and detail data
			}
			continue
		}
		if name == "LABEL" {
			flush()
			e = &errlogEntry{at: l}
		}
		if e != nil {
			e.set(name, strings.TrimSpace(value))
		}
	}
	flush()
	if len(entries) == 0 && in.r.Lines > 0 {
		return nil, in.notUnderstood("entry of the error log")
	}
	slices.SortStableFunc(entries, func(a, b model.ErrlogEntry) int { return cmp.Compare(a.Sequence, b.Sequence) })
	return entries, nil
}

// errlogEntry is an entry that is being read.
type errlogEntry struct {
	model.ErrlogEntry
	at              line
	numbered, dated bool
	section         string // "" in the head, then the heading of the text below it
}

func (e *errlogEntry) complete() bool {
	return e.Label != "" && e.numbered && e.dated && e.Resource != ""
}

// word takes in a line without a colon: a heading, or the line below it.
func (e *errlogEntry) word(text string) {
	switch {
	case text == "":
	case text == "Description", text == "Detail Data", strings.HasSuffix(text, " Causes"), text == "Recommended Actions":
		e.section = text
	case e.section == "Description" && e.Description == "":
		e.Description = clip(text)
	}
}

// set takes a line in. The first of a name counts: detail data may have lines that look like one.
func (e *errlogEntry) set(name, value string) {
	switch name {
	case "LABEL":
		e.Label = clip(value)
	case "IDENTIFIER":
		if e.ID == "" {
			e.ID = clip(value)
		}
	case "Sequence Number":
		if n, ok := number(value); ok && !e.numbered {
			e.Sequence, e.numbered = n, true
		}
	case "Date/Time":
		if t, ok := errlogTime(value); ok && !e.dated {
			e.Time, e.dated = t, true
		}
	case "Resource Name":
		if e.Resource == "" {
			e.Resource = clip(value)
		}
	}
}

// errlogTime reads "Fri Nov 13 17:47:15 2015", with or without a word for the
// zone before the year. errpt is run with TZ=UTC0; a time in another zone is
// not guessed at.
func errlogTime(s string) (time.Time, bool) {
	f := strings.Fields(s)
	switch {
	case len(f) == 5:
	case len(f) == 6 && (f[4] == "UTC" || f[4] == "GMT" || f[4] == "UCT"):
		f = slices.Delete(f, 4, 5)
	default:
		return time.Time{}, false
	}
	t, err := time.Parse("Mon Jan 2 15:04:05 2006", strings.Join(f, " "))
	return t, err == nil
}
