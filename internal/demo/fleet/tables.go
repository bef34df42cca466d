package fleet

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// Share is the part of its interval that a group may take.
const Share = 0.1

const (
	beginMark = "<!-- bench-fleet: begin -->"
	endMark   = "<!-- bench-fleet: end -->"
)

// Tables are the results as Markdown.
func Tables(results []Result) string {
	var b strings.Builder
	fmt.Fprintf(&b, "| nodes | rulers | clusters of the slowest | scraped series read | recorded and alert series | samples written | processor time, all groups once | of its interval, worst group | heap at rest | resident at most | alerts |\n")
	fmt.Fprintf(&b, "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n")
	for _, r := range slowest(results) {
		sum, worst := time.Duration(0), 0.0
		for _, g := range r.Groups {
			sum += g.CPU
			worst = max(worst, g.share())
		}
		alerts := 0
		for _, n := range r.Alerts {
			alerts += n
		}
		fmt.Fprintf(&b, "| %d | %d | %d | %d | %d | %d | %s | %.2f %% | %d MiB | %d MiB | %d |\n", r.Nodes, r.Shards, r.Clusters,
			r.Series, r.Recorded, r.Samples, seconds(sum), 100*worst, r.HeadBytes>>20, r.PeakBytes>>20, alerts)
	}
	b.WriteString("\n")
	columns := slowest(results)
	b.WriteString("| group | rules | interval |")
	for _, r := range columns {
		fmt.Fprintf(&b, " %d, 1/%d |", r.Nodes, r.Shards)
	}
	b.WriteString(" slowest rule, by the clock |\n| --- | ---: | ---: |" + strings.Repeat(" ---: |", len(columns)) + " --- |\n")
	largest := columns[slices.IndexFunc(columns, func(r Result) bool { return r.Nodes == maxNodes(columns) })]
	for i, g := range largest.Groups {
		fmt.Fprintf(&b, "| %s | %d | %v |", g.Name, len(g.Rules), g.Interval)
		for _, r := range columns {
			fmt.Fprintf(&b, " %s |", seconds(r.Groups[i].CPU))
		}
		fmt.Fprintf(&b, " `%s` %s |\n", g.Slowest().Name, seconds(g.Slowest().Took))
	}
	return b.String()
}

func (g Group) share() float64 { return g.CPU.Seconds() / g.Interval.Seconds() }

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f s", d.Seconds()) }

func maxNodes(results []Result) (n int) {
	for _, r := range results {
		n = max(n, r.Nodes)
	}
	return n
}

// slowest keeps of the shares of a fleet the one that took longest.
func slowest(results []Result) (out []Result) {
	total := func(r Result) (sum time.Duration) {
		for _, g := range r.Groups {
			sum += g.CPU
		}
		return sum
	}
	for _, r := range results {
		i := slices.IndexFunc(out, func(o Result) bool { return o.Nodes == r.Nodes && o.Shards == r.Shards })
		switch {
		case i < 0:
			out = append(out, r)
		case total(r) > total(out[i]):
			out[i] = r
		}
	}
	return out
}

// Judge names each group that takes more of its interval than it may.
func Judge(results []Result) error {
	var errs []error
	for _, r := range results {
		for _, g := range r.Groups {
			if g.share() > Share {
				errs = append(errs, fmt.Errorf("%d nodes, ruler %d of %d: group %s takes %s of %v, more than %.0f %%; the most of it rule %s: %s",
					r.Nodes, r.Shard+1, r.Shards, g.Name, seconds(g.CPU), g.Interval, 100*Share, g.Slowest().Name, seconds(g.Slowest().Took)))
			}
		}
	}
	return errors.Join(errs...)
}

// Replace puts the text between the marks of the file.
func Replace(file, text string) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(b), beginMark)
	_, after, closed := strings.Cut(rest, endMark)
	if !ok || !closed {
		return fmt.Errorf("%s: the lines %s and %s are not there", file, beginMark, endMark)
	}
	return os.WriteFile(file, []byte(before+beginMark+"\n"+text+"\n"+endMark+after), 0o644)
}
