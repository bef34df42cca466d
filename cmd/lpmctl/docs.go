package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kingpin/v2"

	"powerha_lpm_exporter/collector/table"
)

func addDocs(app *kingpin.Application, t *tool, verbs map[string]func() int) {
	docs := app.Command("docs", "Print references that are made from the program.")
	docs.Command("metrics", "Print every metric of the exporter and the actor, as Markdown.")
	verbs["docs metrics"] = func() int {
		if t.output == "json" {
			return t.json(table.Metrics())
		}
		writeMetrics(t.stdout, table.Metrics())
		return exitOK
	}
}

func writeMetrics(w io.Writer, all []table.Metric) {
	fmt.Fprintln(w, "# Metrics")
	fmt.Fprintln(w)
	fmt.Fprintln(w, "Every series carries `cluster` and `node`. Made by `lpmctl docs metrics`; do not edit.")
	var program table.Program
	for i, m := range all {
		if i == 0 || m.Program != program {
			program = m.Program
			fmt.Fprintf(w, "\n## %v\n\n| metric | type | further labels | meaning |\n| --- | --- | --- | --- |\n", program)
		}
		labels := make([]string, len(m.Labels))
		for i, l := range m.Labels {
			labels[i] = "`" + l + "`"
			if i == len(m.Labels)-1 && len(m.States) > 0 {
				labels[i] += " (" + strings.Join(m.States, ", ") + ")"
			}
		}
		fmt.Fprintf(w, "| `%s` | %v | %s | %s |\n", m.Name, m.Type, strings.Join(labels, ", "), strings.ReplaceAll(m.Help, "|", "\\|"))
	}
}

func (t *tool) json(v any) int {
	enc := json.NewEncoder(t.stdout)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return t.fail(exitNo, "%v", err)
	}
	return exitOK
}
