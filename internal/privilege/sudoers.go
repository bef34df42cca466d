package privilege

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

var userForm = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]{0,255}$`)

// CheckUser refuses what is no plain name of a user: in sudoers(5) other signs have a meaning.
func CheckUser(user string) error {
	if !userForm.MatchString(user) {
		return fmt.Errorf("user %q: write a plain name of letters, digits, underscore, dot and hyphen", user)
	}
	return nil
}

// Text writes the rules for one user in the form of sudoers(5). component names the alias.
func Text(user, component string, rules []Rule) string {
	byUser := make(map[string][]Rule)
	for _, r := range rules {
		byUser[r.As] = append(byUser[r.As], r)
	}
	var b strings.Builder
	for i, as := range sortedKeys(byUser) {
		alias := "POWERHA_LPM_" + strings.ToUpper(component)
		if i > 0 {
			alias += fmt.Sprintf("_%d", i+1)
		}
		fmt.Fprintf(&b, "Cmnd_Alias %s =", alias)
		for j, r := range byUser[as] {
			if j > 0 {
				b.WriteString(",")
			}
			b.WriteString(" \\\n    " + commandText(r))
		}
		// Messages are translated and times local without the two variables.
		fmt.Fprintf(&b, "\nDefaults!%s !requiretty, env_check += \"LC_ALL TZ\"\n", alias)
		fmt.Fprintf(&b, "%s ALL = (%s) NOPASSWD: %s\n", user, escape(as), alias)
	}
	return b.String()
}

func sortedKeys(m map[string][]Rule) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.SortFunc(out, func(a, b string) int {
		return cmp.Or(cmp.Compare(boolInt(a != "root"), boolInt(b != "root")), cmp.Compare(a, b))
	})
	return out
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// commandText writes a command with its arguments. Without any, `""` says that there may be none.
func commandText(r Rule) string {
	out := make([]string, len(r.Command))
	for i, a := range r.Command {
		out[i] = escape(a)
	}
	switch {
	case r.Open:
		out = append(out, "*") // what follows is known only when it is run
	case len(out) == 1:
		out = append(out, `""`)
	}
	return strings.Join(out, " ")
}

// escape writes a word so that sudoers(5) takes it as it stands: list and assignment signs, wildcards and spaces have a
// meaning there.
func escape(s string) string {
	var b strings.Builder
	for _, c := range s {
		if strings.ContainsRune(`,:=\*?[]! #`, c) {
			b.WriteByte('\\')
		}
		b.WriteRune(c)
	}
	return b.String()
}
