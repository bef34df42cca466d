//go:build linux

// Command measure prints how right the freeze estimators are on this machine,
// and ends with status 1 when a freeze was outside its bound or never was.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"syscall"
	"time"

	"powerha_lpm_exporter/internal/freeze/accuracy"
)

func main() {
	if accuracy.RunChild() {
		return
	}
	var m measure
	flag.IntVar(&m.virtual, "virtual", 1000, "freezes in virtual time, in each world and place")
	flag.IntVar(&m.real, "real", 200, "freezes of real processes in each world during an episode; a fifth of them at rest")
	flag.DurationVar(&m.idle, "idle", time.Minute, "how long to weigh the idle detector")
	flag.DurationVar(&m.load, "load", 10*time.Minute, "how long to keep the machine busy")
	flag.Uint64Var(&m.seed, "seed", 20260501, "of all that is random")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	m.out = os.Stdout
	if err := m.run(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "measure:", err)
		os.Exit(1)
	}
}

// measure are the parts of the measurement, one after the other; 0 leaves a part out.
type measure struct {
	out           io.Writer
	virtual, real int
	idle, load    time.Duration
	seed          uint64
	wrong         int
}

func (m *measure) run(ctx context.Context) error {
	fmt.Fprintf(m.out, "%s/%s, %d processors, kernel %s, seed %d\n", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), kernel(), m.seed)
	m.inVirtualTime()
	for _, part := range []func(context.Context) error{m.whileIdle, m.ofProcesses, m.underLoad} {
		if err := part(ctx); err != nil {
			return err
		}
	}
	if m.wrong > 0 {
		return fmt.Errorf("%d answers are wrong", m.wrong)
	}
	return nil
}

func (m *measure) part(format string, args ...any) { fmt.Fprintf(m.out, "\n"+format+"\n", args...) }

func (m *measure) inVirtualTime() {
	if m.virtual == 0 {
		return
	}
	m.part("Freezes of %v to %v in virtual time (ms)", accuracy.LeastFreeze, accuracy.MostFreezeVirtual)
	var rows []accuracy.Row
	for _, world := range []accuracy.World{accuracy.RunOn, accuracy.StandStill} {
		for _, where := range []accuracy.Where{accuracy.Episode, accuracy.Rest, accuracy.Alone} {
			rows = append(rows, accuracy.Rows("virtual", world, where, accuracy.Virtual(world, where, m.virtual, m.seed))...)
		}
	}
	m.table(rows)
	const hours = 60
	quiet := 0
	for i := range uint64(hours) {
		where := []accuracy.Where{accuracy.Episode, accuracy.Rest, accuracy.Alone}[i%3]
		quiet += len(accuracy.Quiet(where, time.Hour, m.seed+i))
	}
	m.wrong += quiet
	fmt.Fprintf(m.out, "%d hours without a freeze, with stalls, lost datagrams and steps of the time of day: false freezes %d\n", hours, quiet)
}

func (m *measure) ofProcesses(ctx context.Context) error {
	if m.real == 0 {
		return nil
	}
	m.part("Freezes of real processes of %v to %v (ms)", accuracy.LeastFreeze, accuracy.MostFreezeReal)
	var campaigns []accuracy.Campaign
	for _, world := range []accuracy.World{accuracy.RunOn, accuracy.StandStill} {
		campaigns = append(campaigns,
			accuracy.Campaign{World: world, Where: accuracy.Episode, N: m.real, Pairs: min(8, m.real), Seed: m.seed},
			accuracy.Campaign{World: world, Where: accuracy.Rest, N: m.real / 5, Pairs: min(3, m.real/5), Seed: m.seed})
	}
	all, err := accuracy.Real(ctx, campaigns...)
	if err != nil {
		return err
	}
	var rows []accuracy.Row
	var unsure time.Duration
	for i, c := range campaigns {
		of := accuracy.Rows("real", c.World, c.Where, all[i])
		unsure = max(unsure, of[0].Unsure)
		rows = append(rows, of...)
	}
	m.table(rows)
	fmt.Fprintf(m.out, "the truth itself is known to ± %v or better\n", unsure.Round(10*time.Microsecond))
	return nil
}

func (m *measure) table(rows []accuracy.Row) {
	_ = accuracy.Print(m.out, rows)
	for i := range rows {
		r := &rows[i]
		m.wrong += r.Wrong()
		if r.Aimed() {
			said := "met"
			if !r.Met() {
				said = "MISSED"
			}
			fmt.Fprintf(m.out, "world %s, episode: aim of %v at the median and %v at p99: %s\n", r.World, accuracy.AimMedian, accuracy.AimP99, said)
		}
	}
}

func (m *measure) whileIdle(ctx context.Context) error {
	if m.idle == 0 {
		return nil
	}
	m.part("Processor time of an idle node (aim for the detector: %.1f %% of a core)", accuracy.AimPercent)
	all, err := accuracy.Idle(ctx, m.idle)
	for _, w := range all {
		fmt.Fprintln(m.out, w)
	}
	return err
}

func (m *measure) underLoad(ctx context.Context) error {
	if m.load == 0 {
		return nil
	}
	m.part("Two busy processes for each processor, and no freeze")
	all, err := accuracy.Load(ctx, m.load)
	for i := range all {
		m.wrong += all[i].Wrong()
		fmt.Fprintln(m.out, all[i])
		for _, g := range all[i].Odd {
			fmt.Fprintf(m.out, "  not called a stall: %+v\n", g)
		}
		for _, f := range all[i].Booked {
			fmt.Fprintf(m.out, "  false freeze: %+v\n", f)
		}
	}
	return err
}

// kernel is its release, as in uname -r.
func kernel() string {
	b, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(b))
}
