package exporter

import (
	"testing"
	"time"

	"powerha_lpm_exporter/internal/model"
)

// near allows for the half second in which the rig looks, and for the time until a reading.
func near(got, want time.Duration) bool { return got >= want-time.Second && got <= want+6*time.Second }

func (r *rig) window(open bool, counted, refused time.Duration) {
	r.t.Helper()
	v := r.core.View(r.now)
	if v.WindowOpen != open || !near(v.Window, counted) || !near(v.WindowRefused, refused) {
		r.t.Errorf("at %s: open %v, counted %s, refused %s; want %v, %s, %s", r.now.Wall.Format(time.TimeOnly), v.WindowOpen, v.Window, v.WindowRefused, open, counted, refused)
	}
}

func capped(t *testing.T, limit time.Duration) *rig {
	t.Helper()
	o := options()
	o.WindowCap = limit
	r := newRig(t, o)
	r.advance(20 * time.Second)
	return r
}

// The window begins with the DR script's premigrate and not with a check, and ends when the node is managed again.
func TestDeclaredWindow(t *testing.T) {
	for _, restarts := range []bool{false, true} {
		r := capped(t, 10*time.Minute)
		r.event(model.EventCheck)
		r.advance(2 * time.Minute)
		r.window(false, 0, 0)
		r.event(model.EventPre, "stage", "begin")
		from := r.now.Wall
		r.advance(time.Second)
		r.window(true, time.Second, 0)
		if v := r.core.View(r.now); !v.WindowUntil.Equal(from.Add(10 * time.Minute)) {
			t.Errorf("counted until %s", v.WindowUntil)
		}
		unmanagedHere(r, true)
		r.advance(time.Minute)
		if restarts {
			r.restart()
		}
		r.now = r.now.Add(30 * time.Second) // frozen: nobody looks, and the window goes on
		r.advance(time.Second)
		r.event(model.EventPost, "stage", "end")
		r.event(model.EventDone)
		r.advance(2 * time.Minute) // ended, but still unmanaged
		total := r.now.Wall.Sub(from)
		r.window(true, total, 0)
		unmanagedHere(r, false)
		r.advance(time.Minute)
		v := r.core.View(r.now)
		if v.WindowOpen || !v.WindowUntil.IsZero() || v.Window < total || v.Window > total+20*time.Second || v.WindowRefused != 0 {
			t.Errorf("after the resume, restarts %v: %+v open, %s of %s, %s refused", restarts, v.WindowOpen, v.Window, total, v.WindowRefused)
		}
		counted := v.Window
		unmanagedHere(r, true) // of another reason: the window is over
		r.advance(time.Minute)
		if restarts {
			r.restart()
			r.advance(time.Second)
		}
		if v := r.core.View(r.now); v.Window != counted || v.WindowOpen {
			t.Errorf("the window went on: %s, was %s", v.Window, counted)
		}
	}
}

func TestDeclaredWindowIsCapped(t *testing.T) {
	r := capped(t, time.Minute)
	r.event(model.EventPre, "stage", "begin")
	unmanagedHere(r, true)
	r.advance(50 * time.Second)
	r.window(true, 50*time.Second, 0)
	r.advance(40 * time.Second)
	r.window(true, time.Minute, 30*time.Second)
	if v := r.core.View(r.now); v.Window != time.Minute || !v.WindowUntil.IsZero() {
		t.Errorf("beyond the cap: counted %s, until %s", v.Window, v.WindowUntil)
	}
	r.restart() // 2 s
	r.advance(28 * time.Second)
	r.window(true, time.Minute, time.Minute)

	// The cap is of each migration.
	r.event(model.EventDone)
	unmanagedHere(r, false)
	r.advance(20 * time.Second)
	before := r.core.View(r.now)
	again := model.EpisodeEvent{Version: 1, Time: r.now.Wall, Event: model.EventPre, Source: "dr", Episode: "ep2"}
	r.log = append(r.log, again)
	r.tell(LogRead{Events: r.log})
	r.advance(20 * time.Second)
	r.window(true, before.Window+20*time.Second, before.WindowRefused)
}

// Where nothing was suspended the window ends with the migration.
func TestDeclaredWindowWithoutSuspension(t *testing.T) {
	r := capped(t, 10*time.Minute)
	r.event(model.EventPre, "stage", "begin")
	r.advance(30 * time.Second)
	r.event(model.EventUndoPre)
	r.advance(2 * time.Minute)
	r.window(false, 30*time.Second, 0)
	if v := r.core.View(r.now); v.Window != 30*time.Second {
		t.Errorf("counted %s", v.Window)
	}
}

// A person's word, or another witness, opens no window: only the DR script does, which drmgr calls.
func TestOnlyTheScriptDeclares(t *testing.T) {
	for _, e := range []model.EpisodeEvent{
		{Event: model.EventBegin, Source: "operator"},
		{Event: model.EventPre, Source: "clutils"},
		{Event: model.EventStarted, Source: "errpt"},
	} {
		r := capped(t, 10*time.Minute)
		e.Version, e.Time, e.Episode = 1, r.now.Wall, "ep"
		r.log = append(r.log, e)
		r.tell(LogRead{Events: r.log})
		unmanagedHere(r, true)
		r.advance(time.Minute)
		if !r.core.Episode().Open {
			t.Errorf("%s of %s opens no migration", e.Event, e.Source)
		}
		if v := r.core.View(r.now); v.WindowOpen || v.Window != 0 || v.WindowRefused != 0 {
			t.Errorf("%s of %s: open %v, %s, %s", e.Event, e.Source, v.WindowOpen, v.Window, v.WindowRefused)
		}
	}
}

// A cap of zero leaves nothing out.
func TestNoWindow(t *testing.T) {
	r := capped(t, 0)
	r.event(model.EventPre, "stage", "begin")
	r.advance(30 * time.Second)
	v := r.core.View(r.now)
	if v.Window != 0 || v.WindowRefused != 30*time.Second || !v.WindowOpen || !v.WindowUntil.IsZero() {
		t.Errorf("%s, %s, %v, %s", v.Window, v.WindowRefused, v.WindowOpen, v.WindowUntil)
	}
}
