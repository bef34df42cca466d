package accuracy

import (
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/clock"
)

func TestMain(m *testing.M) {
	if RunChild() {
		return
	}
	os.Exit(m.Run())
}

// few are some freezes of processes: for a test, and for each run of a benchmark.
func few(world World) []Campaign {
	return []Campaign{
		{World: world, Where: Episode, N: 12, Pairs: 6, Seed: seed},
		{World: world, Where: Rest, N: 3, Pairs: 3, Seed: seed},
	}
}

func TestReal(t *testing.T) {
	if testing.Short() {
		t.Skip("takes twenty seconds")
	}
	campaigns := append(few(RunOn), few(StandStill)...)
	all, err := Real(t.Context(), campaigns...)
	if err != nil {
		t.Fatal(err)
	}
	var rows []Row
	for i, c := range campaigns {
		judge(t, "real", c.World, c.Where, all[i])
		rows = append(rows, Rows("real", c.World, c.Where, all[i])...)
	}
	_ = Print(t.Output(), rows)
	for i := range rows {
		if r := &rows[i]; r.Aimed() && r.Seen < r.N*2/3 {
			t.Errorf("world %s: %d of %d freezes seen", r.World, r.Seen, r.N)
		}
	}
}

// A child that cannot start is told of at once, whichever of the pair it is.
func TestMeetFails(t *testing.T) {
	a, b, err := addresses()
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.ListenPacket("udp", a)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	orders := []order{
		{Role: rolePeer, Node: "n2", Peer: "n1", Listen: b, Target: a},
		{Role: roleSubject, Node: "n1", Peer: "n2", Listen: a, Target: b},
	}
	var children []*process
	for _, o := range orders {
		c, err := startChild(o)
		if err != nil {
			t.Fatal(err)
		}
		defer c.stop()
		children = append(children, c)
	}
	if err := meet(t.Context(), clock.System(), children); err == nil || !strings.Contains(err.Error(), "address already in use") {
		t.Errorf("err %v: want that the address is in use", err)
	}
}

// A detector that is idle takes next to nothing. The limit is far above what is aimed at: it is for a loop that spins.
func TestIdle(t *testing.T) {
	if testing.Short() {
		t.Skip("takes twenty seconds")
	}
	all, err := Idle(t.Context(), 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range all {
		t.Log(w)
		if w.CPU <= 0 || w.Percent() > 5 || w.Heartbeats != (w.Sent > 0) {
			t.Errorf("%+v", w)
		}
	}
}

// On a machine with twice as much to do as it can, every gap is called a stall and nothing is a freeze.
func TestLoad(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a minute")
	}
	d := time.Minute
	all, err := Load(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	stalls := 0
	for _, r := range all {
		t.Log(r)
		stalls += len(r.Gaps)
		if r.Burned < d/2 {
			t.Errorf("no load: %v burned in %v", r.Burned, d)
		}
		for _, g := range r.Odd {
			t.Errorf("%s: not called a stall: %+v", r.Where, g)
		}
		for _, f := range r.Booked {
			t.Errorf("%s: false freeze %v ± %v: %+v", r.Where, *f.Fused, f.FusedBound, f)
		}
	}
	if stalls == 0 {
		t.Log("nothing stalled: this machine schedules too well to show anything")
	}
}

func BenchmarkReal(b *testing.B) {
	for _, world := range []World{RunOn, StandStill} {
		b.Run("world="+string(world)+"/where=episode", func(b *testing.B) {
			var rows []Row
			for b.Loop() {
				all, err := Real(b.Context(), few(world)[0])
				if err != nil {
					b.Fatal(err)
				}
				rows = Rows("real", world, Episode, all[0])
			}
			report(b, rows)
		})
	}
}

func BenchmarkIdle(b *testing.B) {
	var all []Weight
	for b.Loop() {
		var err error
		if all, err = Idle(b.Context(), 5*time.Second); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(0, "ns/op")
	for _, w := range all {
		unit := "sampler-%cpu"
		if w.Heartbeats {
			unit = "with-heartbeats-%cpu"
		}
		b.ReportMetric(w.Percent(), unit)
	}
}
