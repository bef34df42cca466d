package redact

import (
	_ "embed"
	"regexp"
	"strings"
)

// wordList are words of the products and of plain English that their outputs are made of.
//
//go:embed words.txt
var wordList string

// device is a name that AIX gives.
var device = regexp.MustCompile(`^(?:en|et|ent|lo|hdisk|fcs|fscsi|vscsi|sfwcomm?|dpcom|sys|proc|mem|pmig|vlan|tty|pts)\d*$`)

func vocabulary() map[string]bool {
	words := make(map[string]bool)
	for _, w := range strings.Fields(wordList) {
		words[strings.ToLower(w)] = true
	}
	return words
}

// isWord: the word, in lower case, belongs to the products.
func (r *Redactor) isWord(s string) bool { return r.words[s] || device.MatchString(s) }
