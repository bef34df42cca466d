package sim

import (
	"fmt"
	"slices"
	"strings"
)

// hmcOptions are the options of the HMC's commands.
type hmcOptions struct {
	of, system, lpar, op string
	fields               []string
	sep                  string
	header               bool
}

func parseHMC(args []string) (o hmcOptions, bad string) {
	o.sep = ","
	for i := 0; i < len(args); i++ {
		a := args[i]
		switch a {
		case "--header":
			o.header = true
			continue
		case "--immed", "--restart", "-v":
			continue
		}
		if i++; i >= len(args) {
			if a == "-F" { // all fields, values alone
				o.fields = []string{}
				return o, ""
			}
			return o, "option " + a + " is not known or needs a value."
		}
		v := args[i]
		switch a {
		case "-r":
			o.of = v
		case "-m":
			o.system = v
		case "-n":
			o.lpar = v
		case "-o":
			o.op = v
		case "-f": // the profile
		case "-F":
			if strings.Contains(v, ":") {
				o.sep = ":"
			}
			o.fields = strings.Split(v, o.sep)
		case "--filter":
			name, ok := strings.CutPrefix(strings.Trim(v, `"`), "lpar_names=")
			if !ok {
				return o, "filter " + v + " is not known; lpar_names=NAME."
			}
			o.lpar = name
		default:
			return o, "option " + a + " is not known."
		}
	}
	return o, ""
}

// hmcRows prints name=value lists, or with -F the values alone; a value with the separator in it is quoted, a field that
// an object does not have is null.
func hmcRows(objs []object, o hmcOptions, columns []string) result {
	quote := func(s string) string {
		if strings.Contains(s, o.sep) {
			return `"` + s + `"`
		}
		return s
	}
	var b strings.Builder
	if o.header && len(o.fields) > 0 {
		b.WriteString(strings.Join(o.fields, o.sep) + "\n")
	}
	known := func(f string) bool {
		return f == "migration_state" || strings.HasPrefix(f, "dest_") || f == "migration_type" || f == "source_msp_name" ||
			slices.ContainsFunc(objs, func(obj object) bool { _, ok := obj.get(f); return ok })
	}
	for _, f := range o.fields {
		if len(objs) > 0 && !known(f) {
			return complain("HSCL8002 An attribute with the name " + f + " is not valid.")
		}
	}
	for _, obj := range objs {
		cells := hmcCells(obj, o, columns)
		for i := range cells {
			cells[i] = quote(cells[i])
		}
		b.WriteString(strings.Join(cells, o.sep) + "\n")
	}
	if b.Len() == 0 {
		return say(fmt.Sprintln("No results were found."))
	}
	return say(b.String())
}

// hmcCells are the fields of one object: those that were asked for, else all that the command tells (columns; nil is
// lslparmigr, which tells nothing of the state), with their names unless -F stands without a list.
func hmcCells(obj object, o hmcOptions, columns []string) []string {
	var cells []string
	for _, f := range o.fields {
		v, ok := obj.get(f)
		if !ok {
			v = "null"
		}
		cells = append(cells, v)
	}
	if len(o.fields) > 0 {
		return cells
	}
	for _, a := range obj {
		if columns == nil && o.of == "lpar" && slices.Contains([]string{"lpar_env", "state", "rmc_state", "os_version", "uuid"}, a.name) ||
			columns != nil && !slices.Contains(columns, a.name) {
			continue
		}
		if o.fields == nil {
			a.value = a.name + "=" + a.value
		}
		cells = append(cells, a.value)
	}
	return cells
}

// splitWords parts a command line as a shell does, with quotes.
func splitWords(line string) []string {
	var out []string
	var word strings.Builder
	var quote rune
	open := false
	for _, r := range line {
		switch {
		case quote != 0 && r == quote:
			quote = 0
		case quote != 0:
			word.WriteRune(r)
		case r == '\'' || r == '"':
			quote, open = r, true
		case r == ' ' || r == '\t':
			if open || word.Len() > 0 {
				out = append(out, word.String())
			}
			open = false
			word.Reset()
		default:
			word.WriteRune(r)
		}
	}
	if open || word.Len() > 0 {
		out = append(out, word.String())
	}
	return out
}
