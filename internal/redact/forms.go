package redact

import (
	"net/netip"
	"regexp"
	"strings"
)

// What is known by how it is written alone.
var (
	ipv4Form = regexp.MustCompile(`\d{1,3}(?:\.\d{1,3}){3}`)
	ipv6Form = regexp.MustCompile(`[0-9A-Fa-f:]*:[0-9A-Fa-f:]*:[0-9A-Fa-f:.]*`)
	macForm  = regexp.MustCompile(`[0-9A-Fa-f]{1,2}(?:[:.-][0-9A-Fa-f]{1,2}){5}`)
	uuidForm = regexp.MustCompile(`[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}`)
	hexForm  = regexp.MustCompile(`[0-9A-Fa-f]{12,}`)
	// IBM's way to name a machine: the system id of AIX, type-model*serial of the HMC, and its default name.
	systemForm  = regexp.MustCompile(`\bIBM,0[0-9A-F]([0-9A-Z]{7})\b`)
	machineForm = regexp.MustCompile(`\b\d{4}-[0-9A-Z]{3}\*([0-9A-Z]{7})\b`)
	defaultForm = regexp.MustCompile(`-SN([0-9A-Z]{7})\b`)
	secretForm  = regexp.MustCompile(`(?i)(?:password|passwd|token|secret|bearer|authorization)["']?\s*[:= ]\s*["']?(?:(?:bearer|basic) +)?([^\s"',}]{4,})`)
	userinfo    = regexp.MustCompile(`://([^/@\s:]+:[^/@\s]+)@`)
)

// localSite is the identifier that CAA has for its site LOCAL on every cluster.
const localSite = "51735173-5173-5173-5173-517351735173"

// learnForms takes in what the text holds of known forms.
func (r *Redactor) learnForms(text string) {
	for line := range strings.Lines(text) {
		for _, re := range []*regexp.Regexp{systemForm, machineForm, defaultForm} {
			for _, m := range re.FindAllStringSubmatch(line, -1) {
				r.Learn(Serial, m[1])
			}
		}
		for _, re := range []*regexp.Regexp{secretForm, userinfo} {
			for _, m := range re.FindAllStringSubmatch(line, -1) {
				if !strings.HasPrefix(m[1], "@/") && !r.isWord(strings.ToLower(m[1])) { // a file that holds it is none
					r.Learn(Secret, m[1])
				}
			}
		}
		r.learnAddresses(line)
		r.learnIDs(line)
	}
}

func (r *Redactor) learnAddresses(line string) {
	for _, m := range alone(macForm, line) {
		r.Learn(MAC, m)
	}
	for _, m := range alone(ipv4Form, line) {
		if a, err := netip.ParseAddr(m); err == nil && !ordinary(a) && !ofVersion(line, m) {
			r.Learn(IPv4, m)
		}
	}
	for _, m := range alone(ipv6Form, line) {
		a, err := netip.ParseAddr(m)
		if err == nil && a.Is6() && !ordinary(a) && len(strings.FieldsFunc(m, func(c rune) bool { return c == ':' })) >= 3 {
			r.Learn(IPv6, m)
		}
	}
}

// ordinary addresses are the same everywhere: loopback, unspecified, netmasks.
func ordinary(a netip.Addr) bool {
	return a.IsLoopback() || a.IsUnspecified() || a.Is4() && a.As4()[0] == 255
}

// ofVersion: what looks like an address is a version of a product, "7.2.7.0". An address of single digits in such a line
// is taken for one.
func ofVersion(line, found string) bool {
	l := strings.ToLower(line)
	if strings.Contains(l, "sccsid") || strings.Contains(l, "build =") {
		return true
	}
	return len(found) <= 8 && (strings.Contains(l, "version") || strings.Contains(l, "level") || strings.Contains(l, "vrmf") || strings.Contains(l, "cluster.es"))
}

func (r *Redactor) learnIDs(line string) {
	for _, m := range alone(uuidForm, line) {
		if m != localSite {
			r.Learn(UUID, m)
		}
	}
	for _, m := range alone(hexForm, strings.ReplaceAll(line, "0x", "  ")) {
		letters := strings.ContainsAny(m, "ABCDEFabcdef")
		if strings.ContainsAny(m, "0123456789") && (letters || len(m) >= 16) {
			r.Learn(Hex, m)
		}
	}
}

// alone finds what stands with no letter, digit, or more of its own kind beside it.
func alone(re *regexp.Regexp, line string) []string {
	var out []string
	for _, m := range re.FindAllStringIndex(line, -1) {
		i, j := m[0], m[1]
		if i > 0 && (alnum(line[i-1]) || line[i-1] == '_') || j < len(line) && (alnum(line[j]) || line[j] == '_') {
			continue
		}
		out = append(out, strings.Trim(line[i:j], "."))
	}
	return out
}
