package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/durable"
	"powerha_lpm_exporter/internal/model"
)

var start = model.Instant{Wall: time.Date(2026, 11, 24, 12, 0, 0, 123456789, time.UTC), Mono: time.Hour}

type note struct {
	Text string `json:"text"`
}

// filled returns a folder with a journal of n records.
func filled(t *testing.T, n int) (*durable.Mem, *Journal) {
	t.Helper()
	m := durable.NewMem()
	clk := clock.NewFake(start)
	j, recs, damage, err := Open(m, clk, 1<<16)
	if err != nil || len(recs) != 0 || damage != (Damage{}) {
		t.Fatalf("open empty: %v, %v, %v", recs, damage, err)
	}
	for i := range n {
		clk.Advance(time.Second)
		if _, err := j.Append("decision", "ep-1", note{fmt.Sprintf("record <%d> & \u00fc", i+1)}); err != nil {
			t.Fatal(err)
		}
	}
	return m, j
}

func file(t *testing.T, m *durable.Mem) []byte {
	t.Helper()
	b, err := m.ReadFile(Name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func reopened(t *testing.T, b []byte) (*durable.Mem, *Journal, []Record, Damage, error) {
	t.Helper()
	m := durable.NewMem()
	if err := m.Replace(Name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	j, recs, damage, err := Open(m, clock.NewFake(start), 0)
	return m, j, recs, damage, err
}

func TestChain(t *testing.T) {
	m, _ := filled(t, 3)
	b := file(t, m)
	recs, damage, err := Parse(b)
	if err != nil || damage != (Damage{}) || len(recs) != 3 {
		t.Fatalf("%d records, %v, %v", len(recs), damage, err)
	}
	if recs[0].Prev != strings.Repeat("0", 64) {
		t.Errorf("first record follows %q", recs[0].Prev)
	}
	for i, r := range recs {
		if r.Seq != uint64(i+1) || r.Version != Version || r.Kind != "decision" || r.Episode != "ep-1" {
			t.Errorf("record %d: %+v", i+1, r)
		}
		if want := start.Mono + time.Duration(i+1)*time.Second; r.Mono != want {
			t.Errorf("record %d: mono %s, want %s", i+1, r.Mono, want)
		}
		if i > 0 && r.Prev != recs[i-1].Hash {
			t.Errorf("record %d does not name the one before", i+1)
		}
	}
	// As documented: the hash is that of the line without its hash member.
	line, _, _ := bytes.Cut(b, []byte{'\n'})
	sum := sha256.Sum256(regexp.MustCompile(`,"hash":"[0-9a-f]{64}"`).ReplaceAll(line, nil))
	if got := hex.EncodeToString(sum[:]); got != recs[0].Hash {
		t.Errorf("hash by hand %s, in the record %s", got, recs[0].Hash)
	}
	var n note
	if err := json.Unmarshal(recs[2].Data, &n); err != nil || n.Text != "record <3> & \u00fc" {
		t.Errorf("data %s: %v", recs[2].Data, err)
	}
}

// S7: torn at every byte, every whole record stays, and the journal goes on from there.
func TestTruncatedAnywhere(t *testing.T) {
	m, _ := filled(t, 4)
	b := file(t, m)
	for n := range len(b) + 1 {
		cut := b[:n]
		whole := bytes.Count(cut, []byte{'\n'})
		if n < len(b) && b[n] == '\n' {
			whole++ // only the newline is missing
		}
		m, j, recs, damage, err := reopened(t, cut)
		if err != nil {
			t.Fatalf("cut at %d: %v", n, err)
		}
		if len(recs) != whole {
			t.Fatalf("cut at %d: %d records, want %d", n, len(recs), whole)
		}
		torn := n > 0 && cut[n-1] != '\n' && (n == len(b) || b[n] != '\n')
		if torn != (damage.TornBytes > 0) {
			t.Fatalf("cut at %d: damage %+v", n, damage)
		}
		r, err := j.Append("started", "", nil)
		if err != nil || r.Seq != uint64(whole+1) {
			t.Fatalf("cut at %d: append: %+v, %v", n, r, err)
		}
		if good, err := Verify(file(t, m)); err != nil || good != whole+1 {
			t.Fatalf("cut at %d: after append %d good, %v", n, good, err)
		}
	}
}

// A last record of which the file system kept the length but not the bytes.
func TestTornWithZeros(t *testing.T) {
	m, _ := filled(t, 2)
	b := append(file(t, m), make([]byte, 512)...)
	_, _, recs, damage, err := reopened(t, b)
	if err != nil || len(recs) != 2 || damage.TornBytes != 512 {
		t.Errorf("%d records, %+v, %v", len(recs), damage, err)
	}
}

func TestAlteredAnywhereIsFound(t *testing.T) {
	m, _ := filled(t, 4)
	b := file(t, m)
	lines := bytes.SplitAfter(b, []byte{'\n'})
	second := len(lines[0])
	third := second + len(lines[1])
	for i := second; i < third-1; i++ {
		bad := bytes.Clone(b)
		bad[i] ^= 1
		good, err := Verify(bad)
		if !errors.Is(err, ErrBroken) && !strings.Contains(fmt.Sprint(err), "no JSON object") && !errors.Is(err, ErrNewer) {
			t.Fatalf("byte %d changed: %d good, %v", i, good, err)
		}
		if good != 1 {
			t.Fatalf("byte %d changed: %d good, want 1", i, good)
		}
	}
	_, j, recs, damage, err := reopened(t, bytes.Replace(b, []byte("record \\u003c2"), []byte("record \\u003c9"), 1))
	if !errors.Is(err, ErrBroken) || damage.Broken != 2 || len(recs) != 1 {
		t.Fatalf("altered: %d records, %+v, %v", len(recs), damage, err)
	}
	if _, err := j.Append("decision", "", nil); !errors.Is(err, ErrBroken) || !strings.Contains(err.Error(), "move the file away") {
		t.Errorf("append to a damaged journal: %v", err)
	}
}

func TestRecordsTakenOutOrSwapped(t *testing.T) {
	m, _ := filled(t, 4)
	l := bytes.SplitAfter(file(t, m), []byte{'\n'})
	for name, tc := range map[string]struct {
		lines [][]byte
		good  int
	}{
		"taken out":        {[][]byte{l[0], l[2], l[3]}, 1},
		"swapped":          {[][]byte{l[0], l[2], l[1], l[3]}, 1},
		"twice":            {[][]byte{l[0], l[0], l[1]}, 1},
		"last two swapped": {[][]byte{l[0], l[1], l[3], l[2]}, 2},
	} {
		good, err := Verify(bytes.Join(tc.lines, nil))
		if !errors.Is(err, ErrBroken) || good != tc.good {
			t.Errorf("%s: %d good, %v; want %d and ErrBroken", name, good, err, tc.good)
		}
	}
}

// The last whole record altered is no torn record: dropping it would forget an act.
func TestLastRecordAltered(t *testing.T) {
	m, _ := filled(t, 2)
	_, _, recs, damage, err := reopened(t, bytes.Replace(file(t, m), []byte("record \\u003c2"), []byte("record \\u003c9"), 1))
	if !errors.Is(err, ErrBroken) || damage.Broken != 2 || len(recs) != 1 {
		t.Errorf("%d records, %+v, %v", len(recs), damage, err)
	}
}

func TestNewerIsReadOnly(t *testing.T) {
	m, _ := filled(t, 1)
	b := file(t, m)
	recs, _, _ := Parse(b)
	r := Record{Version: Version + 1, Seq: 2, Time: start.Wall, Kind: "future", Prev: recs[0].Hash}
	line, err := seal(&r)
	if err != nil {
		t.Fatal(err)
	}
	b = append(b, line...)
	m2, j, recs, _, err := reopened(t, b)
	if !errors.Is(err, ErrNewer) || len(recs) != 1 || j == nil {
		t.Fatalf("%d records, %v", len(recs), err)
	}
	if _, err := j.Append("decision", "", nil); !errors.Is(err, ErrNewer) {
		t.Errorf("append: %v", err)
	}
	if _, err := j.Rotate(nil); !errors.Is(err, ErrNewer) {
		t.Errorf("rotate: %v", err)
	}
	if !bytes.Equal(file(t, m2), b) {
		t.Error("the file was changed")
	}
}

// S12: with an error nothing was written, and the next record continues the chain.
func TestFailedAppend(t *testing.T) {
	m, j := filled(t, 1)
	before := file(t, m)
	m.ReadOnly(true)
	if _, err := j.Append("intent", "", nil); err == nil || !strings.Contains(err.Error(), "free space") {
		t.Fatalf("append to a read-only folder: %v", err)
	}
	if !bytes.Equal(file(t, m), before) {
		t.Error("something was written")
	}
	m.ReadOnly(false)
	if r, err := j.Append("intent", "", nil); err != nil || r.Seq != 2 {
		t.Errorf("after it: %+v, %v", r, err)
	}
	if good, err := Verify(file(t, m)); err != nil || good != 2 {
		t.Errorf("%d good, %v", good, err)
	}
	if _, err := j.Append("intent", "", func() {}); err == nil {
		t.Error("data that is no JSON was accepted")
	}
}

// S12: room for one episode is kept in advance, and used when the disk is full.
func TestRoom(t *testing.T) {
	m, j := filled(t, 1)
	m.Full(true)
	for i := range 10 {
		if _, err := j.Append("outcome", "", nil); err != nil {
			t.Fatalf("record %d on a full disk: %v", i+1, err)
		}
	}
	if err := j.EnsureRoom(); err == nil || !strings.Contains(err.Error(), "free space") {
		t.Errorf("room on a full disk, after some was used: %v", err)
	}
	for {
		if _, err := j.Append("outcome", "", nil); err != nil {
			break
		}
	}
	m.Full(false)
	if err := j.EnsureRoom(); err != nil {
		t.Errorf("room afterwards: %v", err)
	}
	if _, err := j.Append("outcome", "", nil); err != nil {
		t.Errorf("append afterwards: %v", err)
	}
	if _, err := Verify(file(t, m)); err != nil {
		t.Error(err)
	}
}

func TestRotate(t *testing.T) {
	m, j := filled(t, 3)
	old := file(t, m)
	recs, err := j.Rotate([]Carried{{Kind: "originals", Data: json.RawMessage(`{"a":1}`)}})
	if err != nil || len(recs) != 2 || recs[0].Kind != KindRotated || recs[0].Seq != 4 {
		t.Fatalf("%+v, %v", recs, err)
	}
	if kept, err := m.ReadFile(OldName); err != nil || !bytes.Equal(kept, old) {
		t.Errorf("old part: %v", err)
	}
	if _, err := j.Append("decision", "ep-2", nil); err != nil {
		t.Fatal(err)
	}
	j2, recs, _, err := Open(m, clock.NewFake(start), 0)
	if err != nil || len(recs) != 3 || recs[2].Seq != 6 || j2.Seq() != 6 || j2.Size() != j.Size() {
		t.Fatalf("%+v, %v", recs, err)
	}
	before, _, _ := Parse(old)
	if recs[0].Prev != before[2].Hash {
		t.Error("the chain does not go on over the rotation")
	}
}

// Killed in the midst of a rotation, the old journal is still whole.
func TestRotateKilled(t *testing.T) {
	for n := 1; n <= 2; n++ {
		m, j := filled(t, 3)
		m.FailReplace(n)
		if _, err := j.Rotate(nil); err == nil {
			t.Fatalf("replace %d did not fail", n)
		}
		m.FailReplace(0)
		_, recs, _, err := Open(m, clock.NewFake(start), 0)
		if err != nil || len(recs) != 3 {
			t.Errorf("replace %d failed: %d records, %v", n, len(recs), err)
		}
		if r, err := j.Append("decision", "", nil); err != nil || r.Seq != 4 {
			t.Errorf("replace %d failed: append %+v, %v", n, r, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	clk := clock.NewFake(start)
	m := durable.NewMem()
	j, _, _, err := Open(m, clk, 0)
	if err != nil {
		f.Fatal(err)
	}
	for range 3 {
		if _, err := j.Append("decision", "e", note{"x"}); err != nil {
			f.Fatal(err)
		}
	}
	b, err := m.ReadFile(Name)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(b)
	f.Add(b[:len(b)-20])
	f.Add([]byte("{}\n"))
	f.Add([]byte("{\"hash\":\"\"}\n\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		recs, length, damage, err := parse(b)
		if length > len(b) {
			t.Fatalf("length %d of %d", length, len(b))
		}
		if err == nil && length+damage.TornBytes != len(b) {
			t.Fatalf("%d records end at %d, %d torn, of %d bytes", len(recs), length, damage.TornBytes, len(b))
		}
		again, damage, err := Parse(b[:length:length])
		if err != nil || damage != (Damage{}) || len(again) != len(recs) {
			t.Fatalf("the good part is not good: %d of %d records, %+v, %v", len(again), len(recs), damage, err)
		}
	})
}
