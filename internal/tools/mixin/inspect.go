package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// dashboard is the part of Grafana's JSON that is inspected.
type dashboard struct {
	UID, Title, Description string
	SchemaVersion           int
	Inputs                  []any `json:"__inputs"`
	Tags                    []string
	Panels                  []panel
	Templating              struct{ List []variable }
	Annotations             struct {
		List []struct{ Name, Expr string }
	}
	Links []struct{ Type, Title, URL string }
}

type variable struct {
	Name, Type string
	Query      any
}

type panel struct {
	ID                       int
	Type, Title, Description string
	GridPos                  struct{ X, Y, W, H int }
	Datasource               struct{ Type, UID string }
	Targets                  []struct{ RefID, Expr string }
	FieldConfig              struct {
		Defaults struct {
			Unit, NoValue string
			Color         struct{ Mode string }
			Mappings      []mapping
		}
		Overrides []struct {
			Matcher    struct{ Options any }
			Properties []struct {
				ID    string
				Value any
			}
		}
	}
}

// mapping is a value mapping; the options of one of type value are texts and colours by value.
type mapping struct {
	Type    string
	Options map[string]any
}

// Kinds of panels that are used, all of which Grafana 9.3 knows.
func kinds() []string {
	return []string{"row", "text", "stat", "bargauge", "timeseries", "state-timeline", "table"}
}

// inspectAll says all that is wrong with the dashboards, each by itself and all together.
func inspectAll(pages map[string][]byte) error {
	var wrong []error
	uids := make(map[string]string)
	for _, name := range slices.Sorted(maps.Keys(pages)) {
		uid, err := inspect(pages[name])
		if err != nil {
			wrong = append(wrong, fmt.Errorf("%s: %w", name, err))
		}
		if other, taken := uids[uid]; taken {
			wrong = append(wrong, fmt.Errorf("%s: uid %s is that of %s", name, uid, other))
		}
		uids[uid] = name
	}
	return errors.Join(wrong...)
}

// inspect says all that is wrong with a dashboard.
func inspect(text []byte) (uid string, _ error) {
	var d dashboard
	if err := json.Unmarshal(text, &d); err != nil {
		return "", err
	}
	var wrong []error
	add := func(format string, args ...any) { wrong = append(wrong, fmt.Errorf(format, args...)) }
	switch {
	case d.UID == "" || d.Title == "" || d.Description == "":
		add("uid, title or description is missing")
	case len(d.UID) > 40:
		add("uid %s: Grafana allows 40 characters", d.UID)
	}
	if d.SchemaVersion != 36 {
		add("schemaVersion %d: Grafana 9.3 does not know more than 37, and 36 is what we write", d.SchemaVersion)
	}
	if d.Inputs != nil {
		add("__inputs: provisioning does not fill them in; use the variable datasource")
	}
	if len(d.Links) == 0 || len(d.Tags) == 0 {
		add("no links to the other dashboards, or no tags to be linked by")
	}
	ids := make(map[int]string)
	for i, p := range d.Panels {
		if other, taken := ids[p.ID]; taken || p.ID == 0 {
			add("panel %q: id %d is none, or that of %q", p.Title, p.ID, other)
		}
		ids[p.ID] = p.Title
		for _, q := range d.Panels[:i] {
			if overlap(p, q) {
				add("panels %q and %q overlap", p.Title, q.Title)
			}
		}
		for _, err := range inspectPanel(p) {
			add("panel %q: %w", p.Title, err)
		}
	}
	return d.UID, errors.Join(append(wrong, inspectVariables(d, string(text))...)...)
}

func overlap(a, b panel) bool {
	p, q := a.GridPos, b.GridPos
	return p.X < q.X+q.W && q.X < p.X+p.W && p.Y < q.Y+q.H && q.Y < p.Y+p.H
}

func inspectPanel(p panel) (wrong []error) {
	add := func(format string, args ...any) { wrong = append(wrong, fmt.Errorf(format, args...)) }
	if g := p.GridPos; g.W < 1 || g.H < 1 || g.X < 0 || g.X+g.W > 24 {
		add("is not on the grid of 24 columns: %+v", g)
	}
	if !slices.Contains(kinds(), p.Type) {
		add("type %q is none of %v", p.Type, kinds())
	}
	if p.Title == "" {
		add("has no title")
	}
	if p.Type == "row" || p.Type == "text" {
		return wrong
	}
	defaults := p.FieldConfig.Defaults
	if p.Description == "" || defaults.Unit == "" || defaults.NoValue == "" {
		add("lacks a description, a unit or a text for no data: %q, %q, %q", p.Description, defaults.Unit, defaults.NoValue)
	}
	if p.Datasource.UID != "${datasource}" {
		add("its data source is %q, not the variable", p.Datasource.UID)
	}
	if p.Type == "state-timeline" && defaults.Color.Mode == "thresholds" {
		add("color.mode thresholds: values between two thresholds melt into one bar; palette-classic keeps them apart")
	}
	if p.Type == "state-timeline" && len(defaults.Mappings) == 0 {
		add("no value mappings: a state must be told by its text")
	}
	for _, m := range defaults.Mappings {
		wrong = append(wrong, inspectMapping(m)...)
	}
	for _, o := range p.FieldConfig.Overrides {
		if name, ok := o.Matcher.Options.(string); !ok || name == "" {
			add("an override has no name")
		}
	}
	return append(wrong, inspectTargets(p)...)
}

// inspectMapping wants a text beside every colour.
func inspectMapping(m mapping) (wrong []error) {
	if m.Type != "value" {
		return nil
	}
	texts := make(map[string]string)
	for _, value := range slices.Sorted(maps.Keys(m.Options)) {
		option, _ := m.Options[value].(map[string]any)
		text, _ := option["text"].(string)
		if text == "" {
			wrong = append(wrong, fmt.Errorf("value %s is told by its colour alone", value))
		}
		if other, taken := texts[text]; taken {
			wrong = append(wrong, fmt.Errorf("values %s and %s are both called %q", other, value, text))
		}
		texts[text] = value
	}
	return wrong
}

func inspectTargets(p panel) (wrong []error) {
	if len(p.Targets) == 0 {
		return []error{errors.New("has no query")}
	}
	refs := make(map[string]bool)
	for _, t := range p.Targets {
		if t.Expr == "" || t.RefID == "" || refs[t.RefID] {
			wrong = append(wrong, fmt.Errorf("query %q is empty, or its refId is taken", t.RefID))
		}
		refs[t.RefID] = true
	}
	return wrong
}

// inspectVariables wants every variable defined that is used, and every one used that is defined.
func inspectVariables(d dashboard, text string) (wrong []error) {
	builtin := []string{"__range", "__rate_interval", "__interval", "__all", "__url_time_range", "__data", "__series"}
	known := make(map[string]bool)
	for _, v := range d.Templating.List {
		if known[v.Name] {
			wrong = append(wrong, fmt.Errorf("variable %s is defined twice", v.Name))
		}
		known[v.Name] = true
	}
	used := make(map[string]bool)
	for _, m := range regexp.MustCompile(`\$\{?([A-Za-z_]+)`).FindAllStringSubmatch(text, -1) {
		name := strings.TrimSuffix(m[1], "_ms")
		used[name] = true
		if !known[name] && !slices.Contains(builtin, name) {
			wrong = append(wrong, fmt.Errorf("variable $%s is used and not defined", name))
		}
	}
	for name := range known {
		if !used[name] {
			wrong = append(wrong, fmt.Errorf("variable %s changes nothing: no query uses it", name))
		}
	}
	return wrong
}
