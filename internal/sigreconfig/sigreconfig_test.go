package sigreconfig

import (
	"context"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"powerha_lpm_exporter/internal/model"
)

// image is dr_info_t as AIX leaves it in memory, 104 bytes of 64-bit code: the word, lcpu, bcpu, phase_gen, five figures of
// memory, capacity, delta_cap, nine reserved.
func image(t *testing.T, word string) []byte {
	t.Helper()
	b, err := hex.DecodeString(word + "ffffffff" + "ffffffff" + "0000002a" + strings.Repeat("0000000000000000", 6) + strings.Repeat("00000000", 10))
	if err != nil || len(b) != 104 {
		t.Fatalf("%d bytes, %v", len(b), err)
	}
	return b
}

func TestDecode(t *testing.T) {
	const check, pre, post, undo = model.EventCheck, model.EventPre, model.EventPost, model.EventUndoPre
	for name, tt := range map[string]struct {
		word   string
		events []model.EventKind
		want   Info
	}{
		"check of a migration":       {"08000400", []model.EventKind{check}, Info{Word: 0x08000400, Check: true, Migrate: true}},
		"pre":                        {"04000400", []model.EventKind{pre}, Info{Word: 0x04000400, Pre: true, Migrate: true}},
		"post":                       {"01000400", []model.EventKind{post}, Info{Word: 0x01000400, Post: true, Migrate: true}},
		"the migration failed":       {"00800400", []model.EventKind{undo}, Info{Word: 0x00800400, PostError: true, Migrate: true}},
		"it failed in the post":      {"01800400", []model.EventKind{undo}, Info{Word: 0x01800400, Post: true, PostError: true, Migrate: true}},
		"pre and post after freeze":  {"05000400", []model.EventKind{pre, post}, Info{Word: 0x05000400, Pre: true, Post: true, Migrate: true}},
		"forced":                     {"08400400", []model.EventKind{check}, Info{Word: 0x08400400, Check: true, Force: true, Migrate: true}},
		"memory is added":            {"98000000", nil, Info{Word: 0x98000000, Check: true}},
		"a processor is removed":     {"64000000", nil, Info{Word: 0x64000000, Pre: true}},
		"weight is changed":          {"01008000", nil, Info{Word: 0x01008000, Post: true}},
		"hibernation":                {"04000200", nil, Info{Word: 0x04000200, Pre: true, Hibernate: true}},
		"bits of a newer AIX":        {"04000403", []model.EventKind{pre}, Info{Word: 0x04000403, Pre: true, Migrate: true, Unknown: 3}},
		"nothing at all":             {"00000000", nil, Info{}},
		"the bytes in another order": {"00040004", nil, Info{Word: 0x00040004, Unknown: 0x00040004}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, b := range [][]byte{image(t, tt.word), append(image(t, tt.word), make([]byte, size-104)...), image(t, tt.word)[:4]} {
				got, err := Decode(b)
				if err != nil || got != tt.want {
					t.Errorf("%d bytes: %+v, %v, want %+v", len(b), got, err, tt.want)
				}
				if e := got.Events(); !slices.Equal(e, tt.events) {
					t.Errorf("events %v, want %v", e, tt.events)
				}
			}
		})
	}
	for n := range 4 {
		if _, err := Decode(make([]byte, n)); err == nil {
			t.Errorf("%d bytes were taken", n)
		}
	}
}

// fake is AIX: it notes what is asked of it.
type fake struct {
	t     *testing.T
	calls []string
	word  string
	query error
	done  error
}

func (f *fake) system(signals chan struct{}) system {
	var handed *byte
	return system{
		signals: signals,
		query: func(b []byte) error {
			f.calls = append(f.calls, "query")
			if len(b) != size || slices.ContainsFunc(b, func(x byte) bool { return x != 0 }) {
				f.t.Errorf("asked with a buffer of %d bytes that may not be empty", len(b))
			}
			if f.query == nil {
				copy(b, image(f.t, f.word))
			}
			handed = &b[0]
			return f.query
		},
		done: func(b []byte) error {
			f.calls = append(f.calls, "done")
			if &b[0] != handed {
				f.t.Error("acknowledged with another buffer")
			}
			return f.done
		},
	}
}

func TestListen(t *testing.T) {
	for name, tt := range map[string]struct {
		mode  Mode
		fake  fake
		calls []string
		err   string
	}{
		"acknowledged before it is told": {Acknowledge, fake{word: "04000400"}, []string{"query", "done", "told"}, ""},
		"observed":                       {Observe, fake{word: "04000400"}, []string{"query", "told"}, ""},
		"no right to ask":                {Acknowledge, fake{query: errors.New("EPERM")}, []string{"query", "done", "told"}, "EPERM"},
		"no right to acknowledge":        {Acknowledge, fake{word: "04000400", done: errors.New("EINVAL")}, []string{"query", "done", "told"}, "EINVAL"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := tt.fake
				f.t = t
				ctx, stop := context.WithCancel(t.Context())
				signals, ended := make(chan struct{}), make(chan error)
				var got []Event
				l := Listener{Mode: tt.mode, Now: func() model.Instant { return model.Instant{Mono: 7} }}
				go func() {
					ended <- l.listen(ctx, f.system(signals), func(e Event) { got, f.calls = append(got, e), append(f.calls, "told") })
				}()
				signals <- struct{}{}
				synctest.Wait()
				stop()
				if err := <-ended; err != nil {
					t.Error(err)
				}
				if !slices.Equal(f.calls, tt.calls) {
					t.Errorf("calls %v, want %v", f.calls, tt.calls)
				}
				if len(got) != 1 || got[0].Err != tt.err || got[0].At.Mono != 7 || tt.err != "EPERM" && !got[0].Info.Pre {
					t.Errorf("told %+v", got)
				}
			})
		})
	}
}

// Elsewhere than on AIX it says so.
func TestUnsupported(t *testing.T) {
	if Supported {
		t.Skip("this is AIX")
	}
	if err := (Listener{Mode: Acknowledge}).Run(t.Context(), nil); !errors.Is(err, ErrUnsupported) {
		t.Errorf("%v", err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte{0x04, 0, 0x04, 0})
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, b []byte) {
		i, err := Decode(b)
		if (err != nil) != (len(b) < 4) {
			t.Errorf("%d bytes: %v", len(b), err)
		}
		if n := len(i.Events()); n > 3 || n > 0 && !i.Migrate {
			t.Errorf("%+v: %d events", i, n)
		}
	})
}
