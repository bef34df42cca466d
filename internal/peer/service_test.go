package peer

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/model"
)

// pair binds two services on the loopback and tells them of each other.
func pair(t *testing.T, key1, key2 []byte, events func(Effect)) (a, b *Service) {
	t.Helper()
	listen := func(node, peer, target string, key []byte) *Service {
		s, err := NewService(Options{
			Clock: clock.System(), Config: Config{Cluster: "c", Node: node, Key: key, Slow: 50 * time.Millisecond, Fast: 10 * time.Millisecond},
			Listen: "127.0.0.1:0", Targets: map[string]string{peer: target}, Events: events,
		})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	b = listen("n2", "n1", "localhost:9", key2) // discard, until the port of the other is known
	a = listen("n1", "n2", b.Addr().String(), key1)
	b.target = newTargets(map[string]string{"n1": a.Addr().String()}, "n2")
	return a, b
}

// start runs the services until the end of the test and waits for them.
func start(t *testing.T, services ...*Service) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, len(services))
	for _, s := range services {
		go func() { done <- s.Run(ctx) }()
	}
	t.Cleanup(func() {
		cancel()
		for range services {
			if err := <-done; !errors.Is(err, context.Canceled) {
				t.Errorf("Run: %v", err)
			}
		}
	})
}

// eventually polls a condition about real sockets.
func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("not in 30 s: %s", what)
		}
	}
}

func TestServices(t *testing.T) {
	a, b := pair(t, testKey, testKey, nil)
	start(t, a, b)
	eventually(t, "both up", func() bool { return a.Status()[0].Up && b.Status()[0].Up })
	a.SetLocal(LocalState{
		Phase: model.PhaseMigrating, Episode: "e1", Suspended: true, DeadManSwitch: new(false), Restricted: new(true),
		Probes: map[string][]model.ProbeStatus{"n2": {{Application: "db", Probe: "users", Active: true, Success: true, LastAt: a.o.Clock.Now(), SuccessSince: a.o.Clock.Now(), Succeeded: 3}}},
	})
	eventually(t, "the peer's phase", func() bool { return b.Status()[0].Phase == model.PhaseMigrating })
	s := b.Status()[0]
	if s.Node != "n1" || s.Episode != "e1" || !s.Suspended || s.DeadManSwitch == nil || *s.DeadManSwitch || s.Restricted == nil || !*s.Restricted || s.LastHeartbeat.IsZero() || len(s.Probes) != 1 {
		t.Fatalf("%+v", s)
	}
	p := s.Probes[0]
	if p.Application != "db" || p.Vantage != "peer" || p.TargetNode != "n2" || !p.Success || p.Succeeded != 3 ||
		b.o.Clock.Now().Sub(p.LastAt).Abs() > 30*time.Second || p.SuccessSince.IsZero() {
		t.Errorf("probe %+v", p)
	}
	if st := a.Stats(); st.Sent == 0 || st.Accepted == 0 || st.BadMAC+st.Malformed+st.Unknown+st.Replayed != 0 {
		t.Errorf("stats %+v", st)
	}
}

func TestServicesWithDifferentKeys(t *testing.T) {
	a, b := pair(t, testKey, []byte("the key of another cluster"), func(e Effect) { t.Errorf("event %+v", e) })
	start(t, a, b)
	eventually(t, "three datagrams refused", func() bool { return a.Stats().BadMAC > 2 && b.Stats().BadMAC > 2 })
	if a.Status()[0].Up || b.Status()[0].Up {
		t.Error("up with a wrong key")
	}
}

func TestServiceDisabled(t *testing.T) {
	s, err := NewService(Options{Clock: clock.System(), Config: Config{Cluster: "c", Node: "n1"}, Listen: "127.0.0.1:0", Targets: map[string]string{"n1": "a:1", "n2": "b:1"}})
	if err != nil || s.Enabled() {
		t.Fatalf("%v, enabled %v", err, s.Enabled())
	}
	start(t, s)
	s.SetLocal(LocalState{Phase: model.PhaseIdle})
	if st := s.Status(); len(st) != 1 || st[0].Node != "n2" || st[0].Up || st[0].Phase != model.PhaseUnknown {
		t.Errorf("status %+v", st)
	}
}

func TestServicePortInUse(t *testing.T) {
	a, b := pair(t, testKey, testKey, nil)
	start(t, a, b)
	_, err := NewService(Options{Clock: clock.System(), Config: Config{Node: "n1", Key: testKey}, Listen: a.Addr().String(), Targets: map[string]string{"n2": "b:1"}})
	if err == nil || !strings.Contains(err.Error(), "peers.listen_address") {
		t.Errorf("error %v", err)
	}
}

func TestLoadKey(t *testing.T) {
	dir := t.TempDir()
	tests := []struct {
		name, content string
		mode          os.FileMode
		want          string // in the error; "" for none
	}{
		{"good", " 0123456789abcdef\n", 0o640, ""},
		{"short", "0123456789abcde\n", 0o600, "15 bytes"},
		{"world-readable", "0123456789abcdef", 0o644, "chmod"},
		{"group-writable", "0123456789abcdef", 0o660, "chmod"},
		{"long", strings.Repeat("x", 4097), 0o600, "longer"},
	}
	for _, tt := range tests {
		path := filepath.Join(dir, tt.name)
		if err := os.WriteFile(path, []byte(tt.content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, tt.mode); err != nil {
			t.Fatal(err)
		}
		key, err := LoadKey(path)
		switch {
		case tt.want == "" && (err != nil || string(key) != "0123456789abcdef"):
			t.Errorf("%s: %q, %v", tt.name, key, err)
		case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), path)):
			t.Errorf("%s: error %v", tt.name, err)
		}
	}
	if _, err := LoadKey(filepath.Join(dir, "absent")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("absent: %v", err)
	}
	if _, err := LoadKey(dir); err == nil {
		t.Error("a directory is no key")
	}
}
