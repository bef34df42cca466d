package redact

import (
	"fmt"
	"strconv"
	"strings"
)

// invent makes up a replacement of the form, and where possible the length, of the original.
func (r *Redactor) invent(e *entry) string {
	if e.kind == Secret {
		return "[secret]"
	}
	for {
		r.next[e.kind]++
		with := r.prefix + r.form(e, r.next[e.kind])
		if isNameKind(e.kind) && e.original == strings.ToUpper(e.original) {
			with = strings.ToUpper(with)
		}
		key := strings.ToLower(with)
		if !r.used[key] && r.known[key] == nil && !r.isWord(key) {
			return with
		}
	}
}

func (r *Redactor) form(e *entry, n int) string {
	switch e.kind {
	case IPv4:
		return formIPv4(e.original, n)
	case IPv6:
		return formIPv6(e.original, n)
	case MAC:
		return formDigits(e.original, n, "2")
	case UUID:
		return formUUID(e.original, n)
	case Hex:
		return formDigits(e.original, n, "c")
	case Serial:
		return formName("S", len(e.original), n)
	case Number:
		return formName("9", len(e.original), n)
	default:
		return formName(stem(e.kind), len(e.original)-len(r.prefix), n)
	}
}

// stem is what a made-up name of the kind begins with.
func stem(k Kind) string {
	switch k {
	case Group:
		return "group"
	case Application:
		return "app"
	case Network:
		return "net"
	case Partition:
		return "lpar"
	case Volume:
		return "vol"
	case Path:
		return "dir"
	default:
		return string(k)
	}
}

// formName is a name of the length: "node00003"; a short one keeps as much of the stem as fits, and one that fits in no
// way is longer.
func formName(stem string, length, n int) string {
	digits := strconv.Itoa(n)
	if room := length - len(stem); room >= len(digits) {
		return stem + strings.Repeat("0", room-len(digits)) + digits
	}
	digits = strconv.FormatInt(int64(n), 36)
	return stem[:max(1, min(len(stem), length-len(digits)))] + digits
}

// formIPv4 is an address with as many digits in each place. Neighbours do not stay neighbours.
func formIPv4(original string, n int) string {
	if n > 1<<14 { // so many of the few short ones
		return fmt.Sprintf("198.51.%d.%d", n>>8&255, n&255)
	}
	octets := strings.Split(original, ".")
	first, span := []int{0, 1, 10, 100}, []int{0, 9, 90, 156}
	for i := 3; i > 0; i-- {
		l := len(octets[i])
		octets[i] = strconv.Itoa(first[l] + n%span[l])
		n /= span[l]
	}
	octets[0] = []string{"", "9", "10", "198"}[len(octets[0])]
	return strings.Join(octets, ".")
}

func formIPv6(original string, n int) string {
	if strings.HasPrefix(strings.ToLower(original), "fe80") {
		return fmt.Sprintf("fe80::%x", n)
	}
	return fmt.Sprintf("2001:db8::%x", n)
}

// formDigits puts a number in the place of the hexadecimal digits and keeps what stands between them.
func formDigits(original string, n int, lead string) string {
	out := []byte(original)
	firstDigit := -1
	for i := len(out) - 1; i >= 0; i-- {
		if !hexDigit(out[i]) {
			continue
		}
		d := strconv.FormatInt(int64(n%16), 16)
		if upperHex(original) {
			d = strings.ToUpper(d)
		}
		out[i], n, firstDigit = d[0], n/16, i
	}
	if firstDigit >= 0 {
		if upperHex(original) {
			lead = strings.ToUpper(lead)
		}
		out[firstDigit] = lead[0]
	}
	return string(out)
}

func formUUID(original string, n int) string {
	s := fmt.Sprintf("00000000-0000-4000-8000-%012x", n)
	if upperHex(original) {
		s = strings.ToUpper(s)
	}
	return s
}

func hexDigit(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'f'
}

func upperHex(s string) bool { return s == strings.ToUpper(s) }
