package logging

import (
	"bytes"
	"encoding/json"
	"regexp"
	"testing"

	"github.com/go-kit/log/level"
)

func TestBothKindsOfCallersLogAlike(t *testing.T) {
	var out bytes.Buffer
	l, err := New(&out, &Config{})
	if err != nil {
		t.Fatal(err)
	}
	sl, err := NewSlog(&out, &Config{})
	if err != nil {
		t.Fatal(err)
	}
	_ = level.Info(l).Log("msg", "ours")
	sl.With("a", 1).Info("theirs")
	_ = level.Debug(l).Log("msg", "filtered")
	sl.Debug("filtered")
	want := regexp.MustCompile(`^level=info ts=\S+Z caller=logging_test.go:\d+ msg=ours\n` +
		`ts=\S+Z level=info caller=logging_test.go:\d+ msg=theirs a=1\n$`)
	if !want.Match(out.Bytes()) {
		t.Errorf("the log holds\n%swant it to match\n%s", out.Bytes(), want)
	}
}

func TestJSON(t *testing.T) {
	var out bytes.Buffer
	l, err := New(&out, &Config{Level: "warn", Format: "json"})
	if err != nil {
		t.Fatal(err)
	}
	_ = level.Info(l).Log("msg", "filtered")
	_ = level.Error(l).Log("msg", "kept")
	var line map[string]any
	if err := json.Unmarshal(out.Bytes(), &line); err != nil || line["msg"] != "kept" || line["level"] != "error" {
		t.Errorf("the log holds %q (%v), want one JSON object with the error", out.Bytes(), err)
	}
}

func TestWrongSettingsAreRefused(t *testing.T) {
	for _, c := range []Config{{Level: "loud"}, {Format: "xml"}} {
		if _, err := New(&bytes.Buffer{}, &c); err == nil {
			t.Errorf("New(%+v) gave no error", c)
		}
		if _, err := NewSlog(&bytes.Buffer{}, &c); err == nil {
			t.Errorf("NewSlog(%+v) gave no error", c)
		}
	}
}
