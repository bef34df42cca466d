package peer

import (
	"slices"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/model"
)

func at(d time.Duration) model.Instant {
	return model.Instant{Wall: time.Unix(0, 0).UTC().Add(d), Mono: d}
}

// heartbeatOf makes a datagram of n2 for n1.
func heartbeatOf(t testing.TB, key []byte, change func(*heartbeat)) []byte {
	t.Helper()
	h := heartbeat{Cluster: "c", From: "n2", To: "n1", Session: 7, Seq: 1, Mono: time.Hour, Interval: time.Second, Phase: model.PhaseIdle}
	if change != nil {
		change(&h)
	}
	b, _, err := encode(nil, &h, key)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// listening returns n1 that has sent its first heartbeat at 10 s.
func listening(t *testing.T) *Core {
	c := newTestCore(t, Config{Cluster: "c", Node: "n1", Peers: []string{"n2"}, Key: testKey, Session: 1})
	if out := c.Step(at(10*time.Second), []Input{LocalState{Phase: model.PhaseIdle}}); len(out) != 1 {
		t.Fatalf("no first heartbeat: %v", out)
	}
	return c
}

// proof is the echo of a datagram that n1 sent just now.
func proof(h *heartbeat) { h.Echo = &echo{Session: 1, Seq: 1, Mono: 10 * time.Second, At: time.Hour} }

func TestDrops(t *testing.T) {
	flipped := heartbeatOf(t, testKey, proof)
	flipped[30] ^= 1
	tests := []struct {
		name string
		b    []byte
		want Stats
	}{
		{"good", heartbeatOf(t, testKey, proof), Stats{Accepted: 1}},
		{"wrong key", heartbeatOf(t, []byte("another key, as long as the first"), proof), Stats{BadMAC: 1}},
		{"unknown sender", heartbeatOf(t, testKey, func(h *heartbeat) { h.From = "n3" }), Stats{Unknown: 1}},
		{"ourselves, reflected", heartbeatOf(t, testKey, func(h *heartbeat) { h.From, h.To = "n1", "n2" }), Stats{Unknown: 1}},
		{"for another", heartbeatOf(t, testKey, func(h *heartbeat) { h.To = "n3" }), Stats{Unknown: 1}},
		{"another cluster", heartbeatOf(t, testKey, func(h *heartbeat) { h.Cluster = "d" }), Stats{Unknown: 1}},
		{"no echo", heartbeatOf(t, testKey, nil), Stats{Unproven: 1}},
		{"echo of our last start", heartbeatOf(t, testKey, func(h *heartbeat) { proof(h); h.Echo.Session = 99 }), Stats{Unproven: 1}},
		{"echo from long ago", heartbeatOf(t, testKey, func(h *heartbeat) { proof(h); h.Echo.Mono = -time.Minute }), Stats{Unproven: 1}},
		{"echo of what we never sent", heartbeatOf(t, testKey, func(h *heartbeat) { proof(h); h.Echo.Seq = 2 }), Stats{Unproven: 1}},
		{"empty", nil, Stats{Malformed: 1}},
		{"short", flipped[:20], Stats{Malformed: 1}},
		{"long", append(slices.Clone(flipped), make([]byte, maxSize)...), Stats{Malformed: 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := listening(t)
			tt.want.Sent = 1
			c.Step(at(10*time.Second+time.Millisecond), []Input{Datagram{tt.b, at(10*time.Second + time.Millisecond)}})
			if got := c.Stats(); got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
			if up := c.Status(at(10*time.Second + time.Millisecond))[0].Up; up != (tt.want.Accepted == 1) {
				t.Errorf("up %v", up)
			}
		})
	}
	// A flipped bit lands in whatever field it is in; it is never accepted.
	c := listening(t)
	c.Step(at(10*time.Second), []Input{Datagram{flipped, at(10 * time.Second)}})
	if st := c.Stats(); st.Accepted != 0 {
		t.Errorf("a flipped bit was accepted: %+v", st)
	}
}

// A recording of the peer's earlier session is refused after the peer has started anew, and copies within a session.
func TestReplay(t *testing.T) {
	c := listening(t)
	now := at(10*time.Second + time.Millisecond)
	accept := func(b []byte, want bool) {
		t.Helper()
		before := c.Stats().Accepted
		c.Step(now, []Input{Datagram{b, now}})
		if got := c.Stats().Accepted == before+1; got != want {
			t.Errorf("accepted %v, want %v; %+v", got, want, c.Stats())
		}
	}
	seq := func(session, n uint64) []byte {
		return heartbeatOf(t, testKey, func(h *heartbeat) { proof(h); h.Session, h.Seq = session, n })
	}
	for _, n := range []uint64{1, 2, 5, 3, 4, 80} {
		accept(seq(7, n), true)
	}
	for _, n := range []uint64{1, 2, 5, 80, 16, 0} {
		accept(seq(7, n), false)
	}
	accept(seq(7, 17), true) // late, within the window
	accept(seq(8, 1), true)  // the peer has started anew
	accept(seq(7, 81), false)
	accept(seq(8, 2), true)
}

// What came late must not overwrite what is newer.
func TestLateDatagramChangesNothing(t *testing.T) {
	c := listening(t)
	now := at(10*time.Second + time.Millisecond)
	for _, in := range []struct {
		seq   uint64
		phase model.Phase
	}{{1, model.PhaseIdle}, {3, model.PhaseMigrating}, {2, model.PhasePreparing}} {
		b := heartbeatOf(t, testKey, func(h *heartbeat) { proof(h); h.Seq, h.Phase = in.seq, in.phase })
		c.Step(now, []Input{Datagram{b, now}})
	}
	if s := c.Status(now)[0]; s.Phase != model.PhaseMigrating {
		t.Errorf("phase %s", s.Phase)
	}
}

// Nothing is sent or accepted until the name of the cluster is known.
func TestClusterNotYetKnown(t *testing.T) {
	c := newTestCore(t, Config{Node: "n1", Peers: []string{"n2"}, Key: testKey, Session: 1})
	b := heartbeatOf(t, testKey, func(h *heartbeat) { h.Cluster = "" })
	if out := c.Step(at(time.Second), []Input{Datagram{b, at(time.Second)}}); len(out) != 0 || c.Stats().Unknown != 1 {
		t.Errorf("sent %v; %+v", out, c.Stats())
	}
	if out := c.Step(at(2*time.Second), []Input{LocalState{Cluster: "c"}}); len(out) != 1 {
		t.Errorf("no heartbeat once the cluster is known: %v", out)
	}
}

func TestConfigErrors(t *testing.T) {
	for name, cfg := range map[string]Config{
		"no node":   {Cluster: "c", Key: testKey},
		"short key": {Cluster: "c", Node: "n1", Key: testKey[:15]},
		"itself":    {Cluster: "c", Node: "n1", Peers: []string{"n1"}, Key: testKey},
	} {
		if _, err := NewCore(cfg); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
