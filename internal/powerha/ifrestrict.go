package powerha

import "strings"

// ParseIfRestrict tells from /etc/cluster/ifrestrict, which names the interfaces that CAA is not to use, whether the
// storage network is among them: PowerHA's own script adds the line sfwcom for a migration, also numbered as devices are
// (SG24-8278 ex. 8-20).
func ParseIfRestrict(b []byte) bool {
	for line := range lines(b) {
		if rest, ok := strings.CutPrefix(strings.TrimSpace(line), "sfwcom"); ok && strings.Trim(rest, "0123456789 \t") == "" {
			return true
		}
	}
	return false
}
