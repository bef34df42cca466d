package freeze

import (
	"os"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"
)

func TestReader(t *testing.T) {
	r := NewReader()
	defer r.Close()
	a := r.Read()
	b := r.Read()
	if a.Has&(HasRaw|HasBoot) != HasRaw|HasBoot {
		t.Errorf("has %b", a.Has)
	}
	for name, d := range map[string]time.Duration{"mono": b.Mono - a.Mono, "raw": b.Raw - a.Raw, "boot": b.Boot - a.Boot, "run delay": b.RunDelay - a.RunDelay} {
		if d < 0 || d > time.Minute {
			t.Errorf("%s: %v between two samples", name, d)
		}
	}
	if a.Mono <= 0 || time.Since(a.Real).Abs() > time.Minute {
		t.Errorf("%+v", a)
	}
}

// Every thread of the process is watched, new ones too.
func TestDelaysOfAllThreads(t *testing.T) {
	r := &delays{}
	defer r.close()
	if _, _, ok := r.read(); !ok {
		t.Skip("no schedstat here")
	}
	stop := make(chan struct{})
	var wg sync.WaitGroup
	for range 4 {
		up := make(chan struct{})
		wg.Go(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			close(up)
			<-stop
		})
		<-up
	}
	most, all, _ := r.read()
	entries, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	if len(r.threads) < 5 || len(r.threads) > len(entries) || most < 0 || all < most {
		t.Errorf("%d threads of %d, most %v, all %v", len(r.threads), len(entries), most, all)
	}
	close(stop)
	wg.Wait()
}

func TestParseRunDelay(t *testing.T) {
	for in, want := range map[string]time.Duration{
		"12345 678 9\n":                    678,
		"0 0 0\n":                          0,
		"1 999999999999999999 3":           999999999999999999,
		"1 99999999999999999999999999 3\n": -1, // more than fits
		"":                                 -1,
		"12345":                            -1,
		"12345 ":                           -1,
		"12345 678":                        -1, // cut off: the number may go on
		"a b c":                            -1,
	} {
		got, ok := parseRunDelay([]byte(in))
		if ok != (want >= 0) || ok && got != want {
			t.Errorf("%q: %d, %v", in, got, ok)
		}
	}
}

func FuzzParseRunDelay(f *testing.F) {
	f.Add([]byte("12345 678 9\n"))
	f.Add([]byte("1"))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, ok := parseRunDelay(b)
		if !ok {
			return
		}
		if got < 0 {
			t.Fatalf("%q: negative %d", b, got)
		}
		again, ok := parseRunDelay([]byte("1 " + strconv.FormatInt(int64(got), 10) + " 3"))
		if !ok || again != got {
			t.Fatalf("%q: %d, then %d", b, got, again)
		}
	})
}
