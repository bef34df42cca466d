package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"powerha_lpm_exporter/internal/demo/lab"
	"powerha_lpm_exporter/internal/demo/paging"
	"powerha_lpm_exporter/internal/demo/panels"
	"powerha_lpm_exporter/internal/demo/screen"
)

// pageLimit is how long any page may take once its cause is there.
const pageLimit = 100 * time.Second

// pagingScrape is long enough that a busy machine answers a scrape in it.
const pagingScrape = 2 * time.Second

// pagingOverrides shorten the mixin as overrides do, and what that leaves long.
func pagingOverrides() map[string]any {
	over := overrides(timing())
	maps.Copy(over, map[string]any{
		"scrapeInterval": pagingScrape.Seconds(), "sloInterval": 1,
		// Longer than the freeze of a play (6 s, and what a busy machine adds), as the shipped ones are longer than an
		// ordinary one. What inhibits others at the same silence comes well before them.
		"applicationUnreachableFor": 15, "silentFor": 15, "standbyFor": 20, "noTargetFor": 20, "nodeLostFor": 12, "blindFor": 20,
		// Longer than a busy machine lets a healthy play take.
		"applicationDownFor": 5, "unmanagedOnlyFor": 10, "unmanagedTooLong": 60,
		"gateSilentFor": 30, "gateNotEvaluatedFor": 10, "deadlineNear": 5, "heldFor": 5, "unattendedFor": 20, "preflightFor": 3,
		"factMemory": 20, "monitorSuspendedFor": 15, "selfFor": 15, "eventLogFor": 15,
	})
	return over
}

// pagingRun plays the table.
type pagingRun struct {
	options options
	bin     string
	out     *screen.Screen
	servers *paging.Servers

	calmed   chan struct{} // closed when calm is set
	calmOnce sync.Once
	calm     paging.Calm

	mu     sync.Mutex
	slots  int
	failed []paging.Play
	spans  map[string]panels.Span // when each play was played
}

// checkPaging starts the real servers, plays the table, and fails unless the pages are exactly those that it names.
func checkPaging(ctx context.Context, o options, bin string, out *screen.Screen) (err error) {
	dir, err := os.MkdirTemp("", "paging")
	if err != nil {
		return fmt.Errorf("make a folder for the servers: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	t := timing()
	settings := paging.Options{
		Root: o.root, Tools: filepath.Join(o.root, ".tools", "bin"), Dir: dir,
		Overrides: pagingOverrides(), ScrapeInterval: pagingScrape, RuleInterval: t.RuleInterval,
	}
	if missing := settings.Missing(); len(missing) > 0 {
		out.Say(screen.Bad, "SKIPPED: no %s in .tools/bin (make tools); the pages are not tested", strings.Join(missing, ", "))
		return nil
	}
	plays, err := chosenPlays(o.scenario)
	if err != nil {
		return err
	}
	servers, err := paging.Start(ctx, settings)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, servers.Close()) }()
	out.Say(screen.Plain, "Prometheus at http://%s, Alertmanager behind it: the shipped rules and examples, rendered with shorter spans, no group slower than every 5 s:\n%s",
		servers.Prometheus(), shortened(settings.Overrides))
	r := &pagingRun{
		options: o, bin: bin, out: out, servers: servers,
		calmed: make(chan struct{}), spans: map[string]panels.Span{},
	}
	return r.run(ctx, plays)
}

func shortened(overrides map[string]any) string {
	var names []string
	for name, value := range overrides {
		names = append(names, fmt.Sprintf("%s=%v", name, value))
	}
	slices.Sort(names)
	return strings.Join(names, " ")
}

// chosenPlays is the whole table, or the named plays (parted by commas) with the one that all fed ones stand on.
func chosenPlays(name string) ([]paging.Play, error) {
	plays, err := paging.Table()
	if err != nil || name == basis {
		return plays, err
	}
	var unknown []string
	names := strings.Split(name, ",")
	for _, n := range names {
		if !slices.ContainsFunc(plays, func(p paging.Play) bool { return p.Name == n }) {
			unknown = append(unknown, n)
		}
	}
	if len(unknown) > 0 {
		return nil, fmt.Errorf("the table of pages has no play %s", strings.Join(unknown, ", "))
	}
	return slices.DeleteFunc(plays, func(p paging.Play) bool { return p.Name != basis && !slices.Contains(names, p.Name) }), nil
}

// fedAtOnce is how many fed clusters there are side by side.
const fedAtOnce = 6

// basis is the play whose calm state all fed ones start from.
const basis = "main"

// run plays all, those that failed once more, and looks at what concerns no single play.
func (r *pagingRun) run(ctx context.Context, plays []paging.Play) error {
	if err := r.servers.Await(ctx, "", []string{"none PowerHAWatchdog", "warning PowerHANoExporter"}, pageLimit); err != nil {
		return fmt.Errorf("before anything is scraped: %w", err)
	}
	r.all(ctx, plays)
	var errs []error
	names := []string{""}
	for _, p := range plays {
		names = append(names, clusterOf(p.Name), again(p.Name))
	}
	for _, p := range r.failed {
		if ctx.Err() == nil {
			r.say(screen.Headline, "%s is played once more, alone", p.Name)
			errs = append(errs, r.play(ctx, p, again(p.Name)))
		}
	}
	for _, c := range r.servers.Clusters() {
		if !slices.Contains(names, c) {
			errs = append(errs, fmt.Errorf("pages of a cluster %q that there is not: %v", c, r.servers.Pages(c)))
		}
	}
	errs = append(errs, r.checkPanels(ctx))
	return errors.Join(append(errs, ctx.Err())...)
}

// checkPanels asks every query of the dashboards over the play that it is for.
func (r *pagingRun) checkPanels(ctx context.Context) error {
	folder := filepath.Join(r.options.root, "dashboards")
	dashboards, err := panels.Load(folder)
	if err != nil {
		return err
	}
	prom, err := r.servers.API()
	if err != nil {
		return err
	}
	result := panels.Check(ctx, prom, dashboards, map[string]string{
		"node": "n1", "resource_group": lab.Group, "application": lab.Application,
	}, r.spans)
	if result.Err == nil {
		r.say(screen.Plain, "ok: %d queries of %d dashboards have an answer, %d justified exceptions apart", result.Asked-result.Empty, len(dashboards), result.Empty)
	}
	return result.Err
}

// all plays those that are fed at once, and the others in their order, as many side by side as there is room for.
func (r *pagingRun) all(ctx context.Context, plays []paging.Play) {
	var group sync.WaitGroup
	defer group.Wait()
	one := func(p paging.Play) {
		if err := r.play(ctx, p, clusterOf(p.Name)); err != nil {
			r.say(screen.Bad, "%v", err)
			r.mu.Lock()
			r.failed = append(r.failed, p)
			r.mu.Unlock()
		}
	}
	// Each polls its cluster by commands: more than this starve each other.
	room := make(chan struct{}, max(2, runtime.NumCPU()))
	fed := make(chan struct{}, fedAtOnce)
	for _, p := range plays {
		if p.Fed() {
			group.Go(func() {
				fed <- struct{}{}
				defer func() { <-fed }()
				one(p)
			})
		}
	}
	for _, p := range plays {
		if p.Fed() {
			continue
		}
		select {
		case room <- struct{}{}:
			group.Go(func() { defer func() { <-room }(); one(p) })
		case <-ctx.Done():
			return
		}
	}
}

// clusterOf a play: names of clusters have no dashes.
func clusterOf(play string) string { return strings.ReplaceAll(play, "-", "_") }

func again(play string) string { return clusterOf(play) + "_again" }

func (r *pagingRun) say(kind screen.Kind, format string, args ...any) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.out.Say(kind, format, args...)
}

// play plays one under the name of a cluster, and compares.
func (r *pagingRun) play(ctx context.Context, p paging.Play, cluster string) error {
	start := time.Now()
	row := p
	row.Name = cluster
	how := "fed series"
	var err error
	if p.Fed() {
		err = r.playFed(ctx, row)
	} else {
		how = "simulated"
		err = r.playScenario(ctx, p, cluster)
	}
	r.mu.Lock()
	r.spans[p.Name] = panels.Span{Cluster: cluster, Start: start, End: time.Now()}
	r.mu.Unlock()
	got := r.servers.Pages(cluster)
	if err = errors.Join(err, paging.Compare(got, p.Pages, p.Maybe).Err()); err != nil {
		return fmt.Errorf("%s (%s): %w", cluster, how, err)
	}
	var names []string
	for _, page := range got {
		names = append(names, page.String()+" -> "+page.Receiver)
	}
	slices.Sort(names)
	text := strings.Join(slices.Compact(names), "\n     ")
	if text == "" {
		text = "nobody is told of anything"
	}
	r.say(screen.Plain, "ok: %s (%s, %.0f s)\n     %s", cluster, how, time.Since(start).Seconds(), text)
	return nil
}

func (r *pagingRun) playFed(ctx context.Context, p paging.Play) error {
	select {
	case <-r.calmed:
	case <-ctx.Done():
		return ctx.Err()
	}
	if r.calm == nil {
		return fmt.Errorf("the play %s never was calm", basis)
	}
	return r.servers.PlayFed(ctx, p, r.calm, pageLimit)
}

// playScenario plays a scenario of the demo that reports to the shared servers.
func (r *pagingRun) playScenario(ctx context.Context, p paging.Play, cluster string) error {
	s, ok := find(p.Name)
	if !ok {
		return fmt.Errorf("the demo has no scenario %q", p.Name)
	}
	isBasis := p.Name == basis
	if isBasis {
		defer r.calmOnce.Do(func() { close(r.calmed) })
	}
	r.mu.Lock()
	r.slots++
	slot := r.slots
	r.mu.Unlock()
	o := r.options
	o.headless = true
	st := &stage{
		options: o, scenario: s, bin: r.bin, cluster: cluster, slot: slot, shared: r.servers, expects: &p,
		out: screen.New(io.Discard), final: screen.New(io.Discard),
	}
	if isBasis {
		st.whenCalm = func(c paging.Calm) { r.calmOnce.Do(func() { r.calm = c; close(r.calmed) }) }
	}
	return st.play(ctx)
}
