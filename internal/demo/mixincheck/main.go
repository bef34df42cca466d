// Command mixincheck holds the rendered rules and dashboards against the table
// of metrics, the runbook and the rule tests, by Prometheus's own parser.
//
//	mixincheck -root ../..
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"powerha_lpm_exporter/internal/demo/ruleset"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("mixincheck", flag.ContinueOnError)
	flags.SetOutput(stderr)
	root := flags.String("root", "../..", "the project's folder")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	found, queries, err := check(*root)
	if err != nil {
		fmt.Fprintln(stderr, err)
		return 1
	}
	for _, f := range found {
		fmt.Fprintln(stderr, f)
	}
	if len(found) > 0 {
		fmt.Fprintf(stderr, "%d findings; exceptions and their reasons are in mixin/checks.yaml\n", len(found))
		return 1
	}
	fmt.Fprintf(stdout, "   %d expressions of rules and dashboards agree with the metrics, the runbook and the tests\n", queries)
	return 0
}

// check lists what is wrong in the project in that folder, and counts the expressions.
func check(root string) (found []string, queries int, err error) {
	mixin := filepath.Join(root, "mixin")
	except, err := readExceptions(filepath.Join(mixin, "checks.yaml"))
	if err != nil {
		return nil, 0, err
	}
	set, err := ruleset.Load(filepath.Join(root, "alerts"))
	if err != nil {
		return nil, 0, err
	}
	all, err := queriesOf(set, filepath.Join(root, "dashboards"))
	if err != nil {
		return nil, 0, err
	}
	found = checkQueries(set, all, except)
	found = append(found, checkGroups(set.Groups)...)
	runbook, err := os.ReadFile(filepath.Join(mixin, "runbook.md"))
	if err != nil {
		return nil, 0, err
	}
	found = append(found, checkRunbook(set, string(runbook))...)
	untested, err := checkTests(set, filepath.Join(mixin, "tests"))
	return append(found, untested...), len(all), err
}

func checkQueries(set *ruleset.Set, all []query, except exceptions) (found []string) {
	k := knowledgeOf(set)
	used, across := make(map[string]bool), make(map[string]bool)
	for _, q := range all {
		wrong := k.checkNames(q, except.Counters, used)
		wrong = append(wrong, k.checkGrouping(q)...)
		wrong = append(wrong, k.checkMatching(q)...)
		wrong = append(wrong, k.checkTexts(q)...)
		if q.rule != nil {
			if leaves := checkCluster(q); len(leaves) > 0 {
				across[q.where] = true
				if except.Clusters[q.where] == "" {
					wrong = append(wrong, leaves...)
				}
			}
		}
		for _, w := range wrong {
			found = append(found, q.where+": "+w)
		}
	}
	for name := range except.Clusters {
		if !across[name] {
			found = append(found, name+": excused from the check of clusters, and not in need of it")
		}
	}
	return append(found, checkUse(used, except.Diagnostic)...)
}
