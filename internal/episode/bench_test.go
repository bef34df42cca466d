package episode

import (
	"fmt"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/model"
)

// BenchmarkFuse folds years of migrations, as the exporter does once a second while one goes on.
func BenchmarkFuse(b *testing.B) {
	var dr, others []model.EpisodeEvent
	const n = 400
	for i := range n {
		t := float64(i) * 86400
		id := fmt.Sprintf("ep%d", i)
		dr = append(dr, ev(t, model.EventCheck, id), ev(t+3, model.EventPre, id, "stage", "begin"), ev(t+20, model.EventPre, id, "stage", "end"), ev(t+41, model.EventPost, id))
		others = append(others, observed(SourceErrpt, t+3, model.EventStarted), observed(SourceClutils, t+4, model.EventPre),
			observed(SourceClock, t+30, model.EventFreeze), observed(SourceErrpt, t+41, model.EventDone), observed(SourceServer, t+48, model.EventMoved))
	}
	o := Options{Now: at(n * 86400), CheckExpires: expires, Patience: 10 * time.Minute}
	b.ReportAllocs()
	for b.Loop() {
		if got := Fuse(dr, others, o); len(got) != n {
			b.Fatal(len(got))
		}
	}
}
