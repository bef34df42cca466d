// Package redact puts made-up names, addresses and numbers in the place of a
// site's own, the same one everywhere, so that what a cluster printed can be
// shown to others.
//
// It works in two passes: Learn… takes in everything that tells a name, then
// Text replaces. A name that the last file tells is so replaced in the first
// one as well. Addresses, hardware addresses and long identifiers are known by
// their form alone. Replacements have the length of the original wherever
// that can be, because columns may be cut by width.
//
// Words of the products (a state, the name of an attribute) are never
// replaced, even if somebody called a node so: the output would be another
// one.
package redact

import (
	"slices"
	"strings"
)

// Kind is what a replaced word stands for.
type Kind string

// The kinds.
const (
	Cluster     Kind = "cluster"
	Node        Kind = "node"
	Host        Kind = "host"
	Group       Kind = "resource_group"
	Application Kind = "application"
	Monitor     Kind = "monitor"
	Network     Kind = "network"
	Site        Kind = "site"
	Label       Kind = "label" // of an address
	Partition   Kind = "partition"
	Volume      Kind = "volume"
	User        Kind = "user"
	Path        Kind = "path"
	Name        Kind = "name" // of something else
	IPv4        Kind = "ipv4"
	IPv6        Kind = "ipv6"
	MAC         Kind = "mac"
	UUID        Kind = "uuid"
	Hex         Kind = "hex_id" // WWN, machine id, disk id
	Serial      Kind = "serial"
	Number      Kind = "number" // a decimal identifier
	Secret      Kind = "secret"
)

// Replaced tells of one replacement without the original.
type Replaced struct {
	Kind  Kind   `json:"kind"`
	With  string `json:"with"`
	Times int    `json:"times"`
}

// Original is one replacement with its original. It stays with its owner.
type Original struct {
	Kind     Kind   `json:"kind"`
	Original string `json:"original"`
	With     string `json:"with"`
}

// entry is one word to be replaced.
type entry struct {
	kind     Kind
	original string
	with     string // "" until it is given out
	times    int
}

// Redactor replaces. The zero value is not ready; it belongs to one goroutine.
type Redactor struct {
	prefix  string
	entries []*entry
	known   map[string]*entry // by the original in lower case
	used    map[string]bool   // replacements given out, in lower case
	next    map[Kind]int      // the next number to try
	byFirst map[byte][]*entry // the longest first; nil when something was learned
	words   map[string]bool   // of the products
	kept    map[string]Kind   // names that are words of the products
}

// New returns a redactor that knows nothing yet. What it makes up begins with
// prefix, which tells apart the names of two redactors; "" is the usual.
func New(prefix string) *Redactor {
	return &Redactor{
		prefix: prefix, known: make(map[string]*entry), used: make(map[string]bool), next: make(map[Kind]int),
		words: vocabulary(), kept: make(map[string]Kind),
	}
}

// Learn notes a word that must not be shown. Words of the products, numbers
// that are no identifiers and single letters are left alone.
func (r *Redactor) Learn(kind Kind, original string) {
	original = strings.TrimSpace(original)
	if key := strings.ToLower(original); original != "" && (len(original) < 2 || isNameKind(kind) && r.isWord(key)) {
		r.kept[key] = kind
		return
	}
	r.guess(kind, original)
}

// guess is Learn for what is a name by where it stands; a word there is none.
func (r *Redactor) guess(kind Kind, original string) {
	original = strings.TrimSpace(original)
	key := strings.ToLower(original)
	if len(original) < 2 || r.known[key] != nil || !visible(original) {
		return
	}
	if kind != Secret && isNameKind(kind) && (r.isWord(key) || strings.Trim(original, "0123456789.:-_/") == "") {
		return
	}
	e := &entry{kind: kind, original: original}
	r.entries, r.known[key], r.byFirst = append(r.entries, e), e, nil
}

// isNameKind: the kind is of names that people choose.
func isNameKind(k Kind) bool {
	switch k {
	case IPv4, IPv6, MAC, UUID, Hex, Serial, Number:
		return false
	default:
		return true
	}
}

// Text replaces everything that is known, and what is told by its form alone. Control characters, which could part a name,
// are taken out; a line that held a NUL byte has one at its end.
func (r *Redactor) Text(s string) string {
	s = plain(s, true)
	r.learnForms(s)
	r.giveOut()
	var b strings.Builder
	for i := 0; i < len(s); {
		e := r.at(s, i)
		if e == nil {
			b.WriteByte(s[i])
			i++
			continue
		}
		n := len(e.original)
		b.WriteString(inCase(e, s[i:i+n]))
		e.times++
		i += n
	}
	return b.String()
}

// at returns the longest known word that stands at i, or nil.
func (r *Redactor) at(s string, i int) *entry {
	for _, e := range r.byFirst[lower(s[i])] {
		n := len(e.original)
		if i+n <= len(s) && strings.EqualFold(s[i:i+n], e.original) && r.fits(s, i, i+n, e.kind) {
			return e
		}
	}
	return nil
}

// The shortest name, and the shortest identifier, that is looked for inside of longer words.
const (
	insideName = 4
	insideID   = 7
)

// fits: the word at s[i:j] is one, and not a part of a word of the products.
func (r *Redactor) fits(s string, i, j int, kind Kind) bool {
	start, end := i, j
	for start > 0 && alnum(s[start-1]) && alnum(s[start]) {
		start--
	}
	for end < len(s) && alnum(s[end]) && alnum(s[end-1]) {
		end++
	}
	if start == i && end == j {
		return true
	}
	switch kind {
	case IPv4, IPv6, MAC, Number:
		return false
	case UUID, Hex, Serial, Secret:
		return j-i >= insideID
	default:
		return j-i >= insideName && !r.words[strings.ToLower(s[start:end])]
	}
}

// inCase writes the replacement as the original was written here.
func inCase(e *entry, found string) string {
	switch {
	case found == e.original:
		return e.with
	case found == strings.ToUpper(found):
		return strings.ToUpper(e.with)
	case found == strings.ToLower(found):
		return strings.ToLower(e.with)
	default:
		return e.with
	}
}

// giveOut makes up what is missing, and orders the words for the search.
func (r *Redactor) giveOut() {
	if r.byFirst != nil {
		return
	}
	r.byFirst = make(map[byte][]*entry)
	for _, e := range r.entries {
		if e.with == "" {
			e.with = r.invent(e)
			r.used[strings.ToLower(e.with)] = true
		}
		c := lower(e.original[0])
		r.byFirst[c] = append(r.byFirst[c], e)
	}
	for _, list := range r.byFirst {
		slices.SortStableFunc(list, func(a, b *entry) int { return len(b.original) - len(a.original) })
	}
}

// Replaced lists what stands for what kind, and how often, in the order in which it was learned.
func (r *Redactor) Replaced() []Replaced {
	var out []Replaced
	for _, e := range r.entries {
		if e.times > 0 {
			out = append(out, Replaced{e.kind, e.with, e.times})
		}
	}
	return out
}

// Originals lists what was replaced, for the owner of the names.
func (r *Redactor) Originals() []Original {
	var out []Original
	for _, e := range r.entries {
		if e.times > 0 {
			out = append(out, Original{e.kind, e.original, e.with})
		}
	}
	return out
}

// Kept counts the names that are words of the products and were therefore left, by kind.
func (r *Redactor) Kept() map[Kind]int {
	out := make(map[Kind]int)
	for _, k := range r.kept {
		out[k]++
	}
	return out
}

// Leak returns the kind of an original that stands in the text, and whether
// one does. It looks in another way than Text replaces, to catch its mistakes.
func (r *Redactor) Leak(text string) (Kind, bool) {
	text = strings.ToLower(text)
	for key, e := range r.known {
		if r.used[key] {
			continue // another word's replacement
		}
		for from := 0; ; {
			i := strings.Index(text[from:], key)
			if i < 0 {
				break
			}
			i += from
			if from = i + 1; r.fits(text, i, i+len(key), e.kind) {
				return e.kind, true
			}
		}
	}
	return "", false
}

// plain takes control characters out of a text. With nul, one NUL byte stands at the end of each line that held any.
func plain(s string, nul bool) string {
	control := func(c rune) bool { return c < ' ' && c != '\n' && c != '\t' && c != '\r' || c == 0x7f }
	if !strings.ContainsFunc(s, control) {
		return s
	}
	var b strings.Builder
	for line := range strings.Lines(s) {
		text, end := line, ""
		if strings.HasSuffix(line, "\n") {
			text, end = line[:len(line)-1], "\n"
		}
		if nul && strings.IndexByte(text, 0) >= 0 {
			end = "\x00" + end
		}
		for _, part := range strings.FieldsFunc(text, control) {
			b.WriteString(part)
		}
		b.WriteString(end)
	}
	return b.String()
}

func alnum(c byte) bool { return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' }

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// visible: the word is printable ASCII, or at least holds no control characters.
func visible(s string) bool {
	return !strings.ContainsFunc(s, func(c rune) bool { return c < ' ' || c == 0x7f })
}
