package rtc

import (
	"os"
	"path/filepath"
	"testing"
)

func TestReadSysfs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "since_epoch")
	for text, want := range map[string]int64{"1790000000\n": 1790000000, "": -1, "x\n": -1} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := readSysfs(path)
		if (err == nil) != (want >= 0) || err == nil && got != want {
			t.Errorf("%q: %d, %v", text, got, err)
		}
	}
	if _, err := readDevice(filepath.Join(t.TempDir(), "rtc0")); err == nil {
		t.Error("no device, and no error")
	}
}
