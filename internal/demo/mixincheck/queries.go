package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/prometheus/promql/parser"

	"powerha_lpm_exporter/internal/demo/ruleset"
)

// variable stands for what a reader of a dashboard chooses.
const variable = "chosen"

// query is an expression and where it stands.
type query struct {
	where string
	ast   parser.Expr
	rule  *ruleset.Rule // nil for a dashboard's
}

// queriesOf lists the expressions of the rules and of the dashboards.
func queriesOf(set *ruleset.Set, dashboards string) ([]query, error) {
	var out []query
	for i := range set.Rules {
		r := &set.Rules[i]
		out = append(out, query{where: r.Name(), ast: r.AST, rule: r})
	}
	files, err := filepath.Glob(filepath.Join(dashboards, "*.json"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no dashboard in %s: run `make generate`", dashboards)
	}
	slices.Sort(files)
	for _, file := range files {
		drawn, err := dashboardQueries(file)
		if err != nil {
			return nil, err
		}
		out = append(out, drawn...)
	}
	return out, nil
}

type panel struct {
	Title   string
	Targets []struct{ Expr string }
	Panels  []panel
}

func dashboardQueries(file string) (out []query, err error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var d struct {
		panel
		Templating struct {
			List []struct {
				Name, Type string
				Definition string
			}
		}
		Annotations struct{ List []struct{ Name, Expr string } }
	}
	if err := json.Unmarshal(b, &d); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	name := filepath.Base(file)
	add := func(where, expr string) {
		if expr == "" || err != nil {
			return
		}
		q := query{where: name + ": " + where}
		if q.ast, err = ruleset.Parser().ParseExpr(substitute(expr)); err != nil {
			err = fmt.Errorf("%s: %w", q.where, err)
			return
		}
		out = append(out, q)
	}
	var walk func([]panel)
	walk = func(all []panel) {
		for _, p := range all {
			for _, t := range p.Targets {
				add("panel "+p.Title, t.Expr)
			}
			walk(p.Panels)
		}
	}
	walk(d.Panels)
	for _, a := range d.Annotations.List {
		add("annotation "+a.Name, a.Expr)
	}
	for _, v := range d.Templating.List {
		if m := labelValues().FindStringSubmatch(v.Definition); m != nil {
			add("variable "+v.Name, fmt.Sprintf("count by (%s) (%s)", m[2], m[1]))
		}
	}
	return out, err
}

func labelValues() *regexp.Regexp { return regexp.MustCompile(`^label_values\((.*),\s*(\w+)\)$`) }

// substitute puts a value in for each of Grafana's variables.
func substitute(expr string) string {
	return regexp.MustCompile(`\$\{(\w+)(:\w+)?\}|\$(\w+)`).ReplaceAllStringFunc(expr, func(v string) string {
		switch strings.Trim(v, "${}") {
		case "__rate_interval", "__interval":
			return "5m"
		case "__range":
			return "1h"
		case "__range_s":
			return "3600"
		case "__from", "__to":
			return "1"
		}
		if strings.Trim(v, "$0123456789") == "" { // a group of a regular expression
			return v
		}
		return variable
	})
}
