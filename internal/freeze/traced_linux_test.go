package freeze

import "testing"

func TestParseTraced(t *testing.T) {
	for in, want := range map[string]bool{
		"Name:\tx\nTracerPid:\t0\nUid:\t1\n":   false,
		"Name:\tx\nTracerPid:\t417\nUid:\t1\n": true,
		"Name:\tx\n":                           false,
		"TracerPid:":                           false,
		"":                                     false,
	} {
		if got := parseTraced([]byte(in)); got != want {
			t.Errorf("%q: %v", in, got)
		}
	}
	if traced() {
		t.Log("run under a debugger")
	}
}
