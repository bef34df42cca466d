package peer

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/model"
)

func full() *heartbeat {
	return &heartbeat{
		Cluster: "prod", From: "n1", To: "n2", Session: 1<<63 + 1, Seq: 12345, Mono: 1234567890123, Interval: 100 * time.Millisecond,
		Suspended: true, Switch: new(true), Restrict: new(false), Phase: model.PhaseSettling, Episode: "n1-20260501T000000.000Z",
		Echo:    &echo{Session: 5, Seq: 6, Mono: -1, At: 1 << 62},
		Silence: &silence{Duration: 4100 * time.Millisecond, Interval: time.Second, Before: 8, Seq: 9},
		Probes: []probe{
			{Application: "db", Probe: "users", Active: true, Success: true, Ran: true, Age: 1500 * time.Millisecond, Duration: 12 * time.Millisecond, Unbroken: time.Hour, LastSuccess: time.UnixMilli(1777593600123).UTC(), Succeeded: 1000, Failed: 3},
			{Application: "db", Probe: "never"},
		},
	}
}

func TestWireRoundTrip(t *testing.T) {
	for name, h := range map[string]*heartbeat{"full": full(), "least": {Phase: model.PhaseUnknown}} {
		b, omitted, err := encode(nil, h, testKey)
		if err != nil || omitted != 0 {
			t.Fatalf("%s: %v, %d omitted", name, err, omitted)
		}
		got, err := decode(b)
		if err != nil || !reflect.DeepEqual(got, h) || !authentic(b, testKey) {
			t.Errorf("%s: %+v, want %+v, %v", name, got, h, err)
		}
	}
}

// The bytes of version 1 never change: nodes are upgraded one after the other, and of both byte orders.
func TestWireBytes(t *testing.T) {
	h := &heartbeat{
		Cluster: "c", From: "a", To: "b", Session: 1, Seq: 2, Mono: 3, Interval: time.Second, Suspended: true,
		Phase: model.PhaseMigrating, Episode: "e", Echo: &echo{4, 5, 6, 7}, Silence: &silence{8, time.Millisecond, 3, 9},
		Probes: []probe{{Application: "p", Probe: "q", Active: true, Success: true, Ran: true, Age: time.Millisecond, Duration: 2 * time.Millisecond, Unbroken: 3 * time.Millisecond, LastSuccess: time.UnixMilli(4), Succeeded: 5, Failed: 6}},
	}
	b, _, err := encode(nil, h, testKey)
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Join([]string{
		"504c484201", "0163", "0161", "0162", "0000000000000001", "0000000000000002", "0000000000000003", "000003e8", "07", "03", "0165",
		"0000000000000004", "0000000000000005", "0000000000000006", "0000000000000007",
		"0000000000000008", "00000001", "0000000000000003", "0000000000000009",
		"01", "0170", "0171", "0f", "00000001", "00000002", "00000003", "0000000000000004", "0000000000000005", "0000000000000006",
	}, "")
	if got := hex.EncodeToString(b[:len(b)-macSize]); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// What a version before did not know lies in bits that it passes over, and is not known where it sends none.
func TestWireOptional(t *testing.T) {
	for _, h := range []*heartbeat{
		{Phase: model.PhaseIdle, Switch: new(false)},
		{Phase: model.PhaseIdle, Restrict: new(true)},
		{Phase: model.PhaseIdle, Suspended: true, Switch: new(true), Restrict: new(true)},
	} {
		b, _, err := encode(nil, h, testKey)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := decode(b); err != nil || !reflect.DeepEqual(got, h) {
			t.Errorf("%+v, want %+v, %v", got, h, err)
		}
		least, _, err := encode(nil, &heartbeat{Phase: model.PhaseIdle}, testKey)
		if err != nil || len(least) != len(b) {
			t.Errorf("it has %d bytes, without it %d, %v", len(b), len(least), err)
		}
	}
}

func TestWireSize(t *testing.T) {
	h := full()
	h.Probes = nil
	for i := range 64 {
		h.Probes = append(h.Probes, probe{Application: strings.Repeat("a", 30), Probe: fmt.Sprint(i)})
	}
	b, omitted, err := encode(nil, h, testKey)
	if err != nil || len(b) > maxSize || omitted == 0 {
		t.Fatalf("%d bytes, %d omitted, %v", len(b), omitted, err)
	}
	got, err := decode(b)
	if err != nil || len(got.Probes) != 64-omitted {
		t.Errorf("%d probes, %d omitted, %v", len(got.Probes), omitted, err)
	}
	h = full()
	h.Episode = strings.Repeat("x", 256)
	if _, _, err := encode(nil, h, testKey); !errors.Is(err, errTooLong) {
		t.Errorf("a name that is too long: %v", err)
	}
}

func FuzzDecode(f *testing.F) {
	for _, h := range []*heartbeat{full(), {}} {
		b, _, _ := encode(nil, h, testKey)
		f.Add(b)
		f.Add(b[:len(b)-1])
	}
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := decode(b)
		if err != nil {
			return
		}
		again, omitted, err := encode(nil, h, testKey)
		if err != nil || omitted != 0 {
			t.Fatalf("what was read cannot be written: %v, %d omitted", err, omitted)
		}
		h2, err := decode(again)
		if err != nil || !reflect.DeepEqual(h, h2) {
			t.Fatalf("%+v became %+v, %v", h, h2, err)
		}
		c, _ := NewCore(Config{Cluster: h.Cluster, Node: h.To, Peers: []string{h.From + "x", h.From}, Key: testKey, Session: 1})
		if c != nil {
			c.Step(at(time.Second), []Input{Datagram{again, at(time.Second)}})
			c.Step(at(3*time.Second), []Input{Datagram{b, at(2 * time.Second)}})
			c.Status(at(4 * time.Second))
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	h, buf := full(), make([]byte, 0, maxSize)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := encode(buf, h, testKey); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecode(b *testing.B) {
	d, _, err := encode(nil, full(), testKey)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := decode(d); err != nil || !authentic(d, testKey) {
			b.Fatal(err)
		}
	}
}

func TestAuthenticCoversAll(t *testing.T) {
	b, _, _ := encode(nil, full(), testKey)
	for i := range b {
		c := bytes.Clone(b)
		c[i] ^= 0x40
		if authentic(c, testKey) {
			t.Errorf("byte %d may be changed", i)
		}
	}
}
