package paging

import (
	"bytes"
	_ "embed"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

//go:embed pages.yaml
var tableText []byte

// Play is one row of the table: what happens to a cluster, and whom that wakes.
type Play struct {
	// Name is also that of the cluster.
	Name, About string
	// Steps are the changes of the series that are fed, one set after another has settled; none: the scenario of this name
	// is played in a simulated cluster.
	Steps [][]string
	// Pages are exactly those that are sent, as "severity alertname node"; Maybe those that depend on the moment.
	Pages, Maybe []string
	// Quiet are those that fire and are inhibited at the end.
	Quiet []string
	// Stay are those that still fire after the last step.
	Stay []string
}

// Fed plays stand on series that are fed to a tiny exporter.
func (p Play) Fed() bool { return len(p.Steps) > 0 }

// Table reads the plays and the pages that each should lead to.
func Table() ([]Play, error) { return readTable(tableText) }

func readTable(text []byte) ([]Play, error) {
	dec := yaml.NewDecoder(bytes.NewReader(text))
	dec.KnownFields(true)
	var plays []Play
	if err := dec.Decode(&plays); err != nil {
		return nil, fmt.Errorf("pages.yaml: %w", err)
	}
	names := map[string]bool{}
	for _, p := range plays {
		if p.Name == "" || names[p.Name] {
			return nil, fmt.Errorf("pages.yaml: the name %q is empty or stands twice", p.Name)
		}
		names[p.Name] = true
		for _, step := range p.Steps {
			for _, line := range step {
				if _, err := parseChange(line); err != nil {
					return nil, fmt.Errorf("pages.yaml: %s: %w", p.Name, err)
				}
			}
		}
	}
	return plays, nil
}

// Difference is what is not as the table says.
type Difference struct{ Missing, Extra []string }

// Compare holds what was sent against what should have been.
func Compare(got []Page, want, maybe []string) Difference {
	var d Difference
	var names []string
	for _, p := range got {
		names = append(names, p.String())
	}
	for _, w := range want {
		if !slices.Contains(names, w) {
			d.Missing = append(d.Missing, w)
		}
	}
	for i, n := range names {
		if strings.HasPrefix(n, "none ") {
			continue // goes to nobody
		}
		if !slices.Contains(want, n) && !slices.Contains(maybe, n) {
			d.Extra = append(d.Extra, fmt.Sprintf("%s %v", n, got[i].Labels))
		}
	}
	return d
}

// Err is nil when there is no difference.
func (d Difference) Err() error {
	if len(d.Missing)+len(d.Extra) == 0 {
		return nil
	}
	return fmt.Errorf("pages that are missing: %v; that should not be: %v", d.Missing, d.Extra)
}
