package powerha

import (
	"strings"

	"powerha_lpm_exporter/internal/model"
)

// parseGroupPolicies reads `clRGinfo -v`: for each group its policies as "label: value" lines, and a table of its nodes.
// In that table the node stands first, as in HACMP's, or last, as in the short one: its heading tells.
func parseGroupPolicies(in *input) ([]model.GroupAttr, error) {
	v := verboseGroups{in: in}
	if err := v.read(); err != nil {
		return nil, err
	}
	return v.groups, nil
}

// parseOverrides reads `clRGinfo -p`: the rows of the groups, and for those that were moved by an operator the node that
// has the highest priority until further notice (priority override location).
func parseOverrides(in *input) ([]model.GroupRow, error) {
	v := verboseGroups{in: in, rows: groupRows{in: in}}
	if err := v.read(); err != nil {
		return nil, err
	}
	for i, r := range v.rows.rows {
		v.rows.rows[i].Override = v.override[r.Group]
	}
	return v.rows.rows, nil
}

// verboseGroups gathers what the paragraphs of clRGinfo -v and -p tell.
type verboseGroups struct {
	in       *input
	groups   []model.GroupAttr
	rows     groupRows
	override map[string]string
	group    string // of the paragraph
	awaited  bool   // the next line names the node of an override
	heading  heading
}

// heading is the order of the columns of a table.
type heading int

const (
	noHeading heading = iota
	nodeFirst         // node, state
	nodeLast          // group on its first row, state, node
)

func (v *verboseGroups) read() error {
	v.rows.in, v.override = v.in, make(map[string]string)
	for l := range v.in.lines() {
		text := strings.TrimSpace(l.text)
		switch {
		case text == "" || isRules(text):
		case v.awaited && !strings.HasPrefix(text, "Node "):
			v.awaited = false
			v.overridden(l, text)
		case v.labelled(l, text):
		case strings.HasPrefix(text, "Group Name"):
			v.heading = nodeLast
		case strings.HasPrefix(text, "Node "):
			v.heading, v.awaited = nodeFirst, false
		default:
			v.row(l)
		}
	}
	if len(v.rows.rows) == 0 {
		return v.in.notUnderstood("resource group")
	}
	rows := make(map[string][]model.GroupRow)
	for _, r := range v.rows.rows {
		rows[r.Group] = append(rows[r.Group], r)
	}
	for i := range v.groups {
		v.groups[i].Rows = rows[v.groups[i].Name]
	}
	return nil
}

// labelled takes in a "label: value" line.
func (v *verboseGroups) labelled(l line, text string) bool {
	label, value, ok := strings.Cut(text, ":")
	if !ok {
		return false
	}
	value = strings.TrimSpace(value)
	switch fold(label) {
	case "RESOURCE GROUP NAME", "GROUP NAME":
		if v.group = ""; !isName(value) {
			v.in.reject(l, "expected the name of a group")
			return true
		}
		if v.in.full(len(v.groups), l) {
			return true
		}
		v.group = value
		v.attr(value)
	case "CLUSTER NAME", "PRIMARY INSTANCE(S)", "SECONDARY INSTANCE(S)":
	case "STARTUP POLICY":
		v.set(l, func(g *model.GroupAttr) { g.Startup = policyCode(value) })
	case "FALLOVER POLICY":
		v.set(l, func(g *model.GroupAttr) { g.Fallover = policyCode(value) })
	case "FALLBACK POLICY":
		v.set(l, func(g *model.GroupAttr) { g.Fallback = policyCode(value) })
	case "SITE POLICY", "SITE RELATIONSHIP":
		v.set(l, func(g *model.GroupAttr) { g.Site = clip(value) })
	case "PRIORITY OVERRIDE", "POL", "PRIORITY OVERRIDE LOCATION", "PRIMARY INSTANCE POL":
		if value != "" && fold(value) != "NONE" {
			v.overridden(l, value)
		}
	case "THE FOLLOWING NODE TEMPORARILY HAS THE HIGHEST PRIORITY FOR THIS INSTANCE":
		if v.awaited = value == ""; !v.awaited {
			v.overridden(l, value)
		}
	default:
		return false
	}
	return true
}

func (v *verboseGroups) attr(name string) *model.GroupAttr {
	for i := range v.groups {
		if v.groups[i].Name == name {
			return &v.groups[i]
		}
	}
	v.groups = append(v.groups, model.GroupAttr{Name: name})
	return &v.groups[len(v.groups)-1]
}

func (v *verboseGroups) set(l line, to func(*model.GroupAttr)) {
	if v.group == "" {
		v.in.reject(l, "expected the name of a group above")
		return
	}
	to(v.attr(v.group))
}

// overridden takes in "node, user-requested rg_move performed on DATE".
func (v *verboseGroups) overridden(l line, text string) {
	node, _, _ := strings.Cut(text, ",")
	node, _, _ = strings.Cut(strings.TrimSpace(node), "@")
	if !isName(node) || v.group == "" {
		v.in.reject(l, "expected the node of a priority override")
		return
	}
	v.override[v.group] = node
}

// row takes in a row of a table.
func (v *verboseGroups) row(l line) {
	f := strings.Fields(l.text)
	group, node, state := v.group, f[0], strings.Join(f[1:], " ")
	if v.heading == nodeLast {
		if l.text[0] != ' ' && l.text[0] != '\t' {
			group, f = f[0], f[1:]
			v.group = "" // what is below belongs to this group or, if it is not understood, to none
		}
		if len(f) > 0 {
			node, state = f[len(f)-1], strings.Join(f[:len(f)-1], " ")
		}
	}
	if v.in.full(len(v.rows.rows), l) {
		return
	}
	row, why := groupRow(group, state, node)
	if v.heading == noHeading {
		why = "expected the heading of a table first"
	}
	if why != "" {
		v.in.reject(l, why)
		return
	}
	v.group = group
	v.attr(group)
	v.rows.add(l, row)
}

// isRules reports whether the line holds nothing but rules of hyphens, one for each column.
func isRules(text string) bool {
	return strings.Trim(text, "- \t") == "" && strings.Contains(text, "-----")
}
