package bundle

import (
	"fmt"
	"strings"

	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/selftest"
)

// leftOut stands in the place of what is nobody's business and says nothing about PowerHA.
const leftOut = "[left-out]"

// maxTooMuch is what is kept of an output that was cut: as a whole it is of no use anyway.
const maxTooMuch = 64 << 10

// reduced takes out of the lists of processes what other programs were started with: it may hold anything.
func reduced(in []selftest.Asked) []selftest.Asked {
	out := make([]selftest.Asked, len(in))
	copy(out, in)
	for i := range out {
		if o := &out[i].Output; o.Truncated {
			o.Stdout, o.Stderr = o.Stdout[:min(len(o.Stdout), maxTooMuch)], o.Stderr[:min(len(o.Stderr), maxTooMuch)]
			again := selftest.Replayed(out[i].Source, *o, out[i].Reading.At)
			again.Argv, again.Reading.Took = out[i].Argv, out[i].Reading.Took
			out[i] = again
		}
		var keep int // columns
		switch out[i].Source {
		case model.SourceProcesses:
			keep = 1
		case model.SourceOwners:
			keep = 2
		default:
			continue
		}
		if !out[i].Ran {
			continue
		}
		out[i].Output.Stdout = []byte(processes(string(out[i].Output.Stdout), keep))
		again := selftest.Replayed(out[i].Source, out[i].Output, out[i].Reading.At)
		again.Argv, again.Reading.Took = out[i].Argv, out[i].Reading.Took
		out[i] = again
	}
	return out
}

// processes keeps the first columns of each line, and the whole of those that tell of PowerHA, RSCT and drmgr.
func processes(text string, keep int) string {
	var b strings.Builder
	users := make(map[string]string)
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) <= keep || !number(f[0]) || ofProduct(f[keep:]) {
			b.WriteString(line)
			continue
		}
		if keep > 1 {
			f[1] = user(users, f[1])
		}
		b.WriteString(strings.Join(f[:keep], " ") + " " + leftOut)
		if strings.HasSuffix(line, "\n") {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

func user(users map[string]string, name string) string {
	if name == "root" {
		return name
	}
	if users[name] == "" {
		users[name] = fmt.Sprintf("user%d", len(users)+1)
	}
	return users[name]
}

func number(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// ofProduct: the process is one of PowerHA, RSCT, CAA or drmgr, whose arguments say something.
func ofProduct(words []string) bool {
	for _, w := range words[:min(2, len(words))] {
		base := w[strings.LastIndexByte(w, '/')+1:]
		switch base {
		case "cl_dr", "drmgr", "clstrmgr", "clcomd", "clconfd", "hagsd", "rmcd", "IBM.ConfigRMd", "clevmgrd", "clinfo":
			return true
		}
		if strings.HasPrefix(w, "/usr/es/sbin/cluster/") {
			return true
		}
	}
	return false
}
