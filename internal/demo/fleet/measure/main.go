// Command measure evaluates the project's rules for fleets of several sizes and
// prints what they cost, as the tables of docs/scale.md. Each part is measured
// in a process of its own that has two cores.
//
//	measure -alerts ../../alerts [-nodes 100,1000,10000] [-shards 1,2,4] [-update docs/scale.md]
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"time"

	"powerha_lpm_exporter/internal/demo/fleet"
	"powerha_lpm_exporter/internal/demo/ruleset"
)

const cores = 2

type options struct {
	alerts, nodes, shards, part, update, results string
	rounds                                       int
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	var o options
	flags := flag.NewFlagSet("measure", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.alerts, "alerts", "../../alerts", "folder of the rendered rule files")
	flags.StringVar(&o.nodes, "nodes", "100,1000,10000", "sizes of the fleet, two nodes a cluster")
	flags.StringVar(&o.shards, "shards", "1,2,4", "numbers of rulers that share the largest fleet")
	flags.IntVar(&o.rounds, "rounds", 4, "evaluations of each group; the first is not counted")
	flags.StringVar(&o.part, "part", "", "measure this one part (nodes/shards/shard) here, and print it as JSON")
	flags.StringVar(&o.update, "update", "", "file whose generated block is replaced by the tables")
	flags.StringVar(&o.results, "results", "", "file to which each result is appended as JSON; parts that are in it are not measured again")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if o.rounds < 2 {
		return fmt.Errorf("-rounds %d: at least 2, the first is not counted", o.rounds)
	}
	if o.part != "" {
		return one(ctx, o, stdout)
	}
	parts, err := partsOf(o)
	if err != nil {
		return err
	}
	results, err := measured(o.results)
	if err != nil {
		return err
	}
	for _, p := range parts {
		if slices.ContainsFunc(results, func(r fleet.Result) bool {
			return r.Nodes == p.Nodes && r.Shards == p.Shards && r.Shard == p.Shard
		}) {
			continue
		}
		fmt.Fprintf(stderr, "%d nodes, ruler %d of %d\n", p.Nodes, p.Shard+1, p.Shards)
		r, err := inProcess(ctx, o, p, stderr)
		if err == nil {
			err = keep(o.results, r)
		}
		if err != nil {
			return fmt.Errorf("%d nodes, ruler %d of %d: %w", p.Nodes, p.Shard+1, p.Shards, err)
		}
		results = append(results, r)
	}
	text := fleet.Tables(results)
	fmt.Fprintln(stdout, text)
	if o.update != "" {
		if err := fleet.Replace(o.update, text); err != nil {
			return err
		}
	}
	return fleet.Judge(results)
}

// measured are the results of an earlier run that was not finished.
func measured(file string) (out []fleet.Result, err error) {
	if file == "" {
		return nil, nil
	}
	b, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	for i, line := range strings.Split(strings.TrimSpace(string(b)), "\n") {
		var r fleet.Result
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			return nil, fmt.Errorf("%s:%d: no result of this command: %w; remove the line", file, i+1, err)
		}
		out = append(out, r)
	}
	return out, nil
}

// keep appends a result to the file.
func keep(file string, r fleet.Result) error {
	if file == "" {
		return nil
	}
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	return errors.Join(json.NewEncoder(f).Encode(r), f.Close())
}

// partsOf lists what is measured: each size alone, then the shares of the largest.
func partsOf(o options) ([]fleet.Part, error) {
	sizes, err := numbers("-nodes", o.nodes)
	if err != nil {
		return nil, err
	}
	shards, err := numbers("-shards", o.shards)
	if err != nil {
		return nil, err
	}
	end := time.Now().UTC().Truncate(time.Hour)
	var parts []fleet.Part
	for _, n := range sizes {
		parts = append(parts, fleet.Part{Nodes: n, Shards: 1, End: end})
	}
	for _, s := range shards {
		for i := 0; s > 1 && i < s; i++ {
			parts = append(parts, fleet.Part{Nodes: slices.Max(sizes), Shards: s, Shard: i, End: end})
		}
	}
	return parts, nil
}

func numbers(name, list string) (out []int, err error) {
	for _, s := range strings.Split(list, ",") {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%s %s: %q is no positive number", name, list, s)
		}
		out = append(out, n)
	}
	return out, nil
}

// inProcess measures a part in a child of this process, so that no memory of another part counts.
func inProcess(ctx context.Context, o options, p fleet.Part, stderr io.Writer) (r fleet.Result, err error) {
	self, err := os.Executable()
	if err != nil {
		return r, err
	}
	cmd := exec.CommandContext(ctx, self, "-alerts", o.alerts, "-rounds", strconv.Itoa(o.rounds),
		"-part", fmt.Sprintf("%d/%d/%d/%d", p.Nodes, p.Shards, p.Shard, p.End.Unix()))
	cmd.Env = append(os.Environ(), "GOMAXPROCS="+strconv.Itoa(cores))
	cmd.Stderr = stderr
	out, err := cmd.Output()
	if err != nil {
		return r, err
	}
	return r, json.Unmarshal(out, &r)
}

func one(ctx context.Context, o options, stdout io.Writer) (err error) {
	var p fleet.Part
	var end int64
	if _, err := fmt.Sscanf(o.part, "%d/%d/%d/%d", &p.Nodes, &p.Shards, &p.Shard, &end); err != nil || p.Shards < 1 {
		return fmt.Errorf("-part %s: want nodes/shards/shard/end", o.part)
	}
	p.End = time.Unix(end, 0).UTC()
	set, err := ruleset.Load(o.alerts)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "bench-fleet")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	r, err := fleet.Run(ctx, dir, set, p, o.rounds)
	if err != nil {
		return err
	}
	return json.NewEncoder(stdout).Encode(r)
}
