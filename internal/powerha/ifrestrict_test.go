package powerha

import "testing"

func TestParseIfRestrict(t *testing.T) {
	for text, want := range map[string]bool{
		"": false, "sfwcom\n": true, "sfwcom": true, "en3\n sfwcom \r\n": true, "sfwcomm1\n": false, "sfwcom0\n": true, "en0\nen1\n": false,
		"# sfwcom\n": false, "sf\x00wcom\n": false,
	} {
		if got := ParseIfRestrict([]byte(text)); got != want {
			t.Errorf("%q: %v", text, got)
		}
	}
}

func FuzzParseIfRestrict(f *testing.F) {
	f.Add([]byte("en0\nsfwcom\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if got := ParseIfRestrict(append([]byte("sfwcom\n"), b...)); !got {
			t.Error("a line before the rest is not seen")
		}
		ParseIfRestrict(b)
	})
}
