package probe

import (
	"slices"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/model"
)

// Whatever comes in which order: never two copies of a monitor, none begun while PowerHA may run its own, and the one
// that runs then is given up.
func FuzzMonitor(f *testing.F) {
	f.Add([]byte{0, 0, 1, 0, 2, 0, 3, 0, 4, 5, 6, 7, 8, 9, 10, 11})
	f.Add([]byte{1, 0, 1, 0, 5, 5, 0, 0, 9, 0, 11, 11, 0})
	f.Fuzz(func(t *testing.T, events []byte) {
		m := custom()
		m.Stabilization = 30 * time.Second
		b := newBench(t, monitorSpec(), m, -10)
		var out []Run // not answered
		stopped := make(map[uint64]bool)
		for i, e := range events[:min(len(events), 400)] {
			at := float64(i) * 7
			var results []Result
			switch e % 12 {
			case 1:
				b.own.Unmanaged = map[string]bool{"rg1": e > 100}
			case 2:
				b.own.Owners = map[string][]string{"rg1": {[]string{"n1", "n2"}[e/128]}}
			case 3:
				m.Method = []string{"/a", "/b", "c", ""}[e/64]
				b.own.Monitors = []model.Monitor{m}
			case 4:
				b.own.Monitors, b.own.MonitorsRead, b.own.Unparsed = nil, e > 100, int(e%2)
			case 5:
				m.Mode, m.Suspended = []string{ModeBoth, ModeStartup, ModeLongRunning, "x"}[e/64], e > 250
				b.own.Monitors = []model.Monitor{m}
			case 6:
				s := monitorSpec()
				s.Interval = time.Duration(e) * time.Second
				b.core.Configure([]Spec{s})
			case 7:
				b.own.Since = map[string]time.Time{"rg1": instant(at).Wall}
			case 8, 9, 10:
				if len(out) > 0 {
					results = append(results, Result{Run: out[0], At: instant(at), Err: []string{"", "exit 1"}[e/128]})
					out = out[1:]
				}
			}
			began := b.core.Step(instant(at), b.own, results)
			stops := b.core.Stops()
			may := b.own.Unmanaged["rg1"] && b.own.Owners["rg1"][0] == "n1"
			if len(began) > 0 && !may {
				t.Fatalf("event %d: runs beside PowerHA's copy or away from the group", i)
			}
			for _, r := range out {
				if n := r.Number(); !may && !stopped[n] && !slices.Contains(stops, n) {
					t.Fatalf("event %d: run %d goes on", i, n)
				}
			}
			for _, n := range stops {
				stopped[n] = true
			}
			if out = append(out, began...); len(out) > 1 {
				t.Fatalf("event %d: %d copies", i, len(out))
			}
		}
	})
}
