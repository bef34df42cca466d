package accuracy

import (
	"os"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	if RunChild() {
		return
	}
	os.Exit(m.Run())
}

func TestReal(t *testing.T) {
	var campaigns []Campaign
	for _, kind := range []World{RunOn, StandStill} {
		campaigns = append(campaigns, Campaign{World: kind, Where: Episode, N: 14, Pairs: 7, Seed: seed}, Campaign{World: kind, Where: Rest, N: 3, Pairs: 3, Seed: seed})
	}
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
}

func TestIdle(t *testing.T) {
	d := 10 * time.Second
	w, err := Idle(t.Context(), d)
	if err != nil {
		t.Fatal(err)
	}
	t.Log(w)
}

func TestLoad(t *testing.T) {
	all, err := Load(t.Context(), 20*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all {
		t.Log(r)
		for _, g := range r.Odd {
			t.Errorf("%s: not called a stall: %+v", r.Where, g)
		}
		for _, f := range r.Booked {
			t.Errorf("%s: false freeze %v ± %v: %+v", r.Where, *f.Fused, f.FusedBound, f)
		}
	}
}
