package world

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/clock"
)

const goodScript = `#!/bin/sh
case "$1" in
scriptinfo) echo DR_VERSION=1; echo DR_DATE=01032026; echo "DR_SCRIPTINFO=a = b"; echo DR_VENDOR=us; echo DR_TIMEOUT=300; echo chatter ;;
register) echo DR_RESOURCE=pmig ;;
usage) [ "$2" = pmig ] && [ -z "$HOME" ] && echo DR_USAGE=x || exit 10 ;;
*) exit 10 ;;
esac
`

// double is a drmgr with a node's folder, and what it asks of the world.
func double(t *testing.T) (Drmgr, *[]Request, *bytes.Buffer) {
	t.Helper()
	d, err := OpenDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(d.Scripts("n1"), 0o755); err != nil {
		t.Fatal(err)
	}
	var asked []Request
	var out bytes.Buffer
	return Drmgr{
		Dir: d, Node: "n1", Clock: clock.System(), Stdout: &out, Stderr: &out,
		Ask: func(_ context.Context, r Request) error { asked = append(asked, r); return nil },
	}, &asked, &out
}

func script(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "aa_script")
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestDrmgrInstallsAndRemoves(t *testing.T) {
	m, asked, out := double(t)
	path := script(t, goodScript)
	if exit := m.Run(t.Context(), []string{"-i", path}); exit != 0 {
		t.Fatalf("exit %d: %s", exit, out)
	}
	target := filepath.Join(m.Dir.Scripts("n1"), "aa_script")
	want := Request{Op: opRegister, Node: "n1", Path: target, Name: "aa_script", Info: "a = b", Timeout: 300 * time.Second}
	if len(*asked) != 1 || !sameRequest((*asked)[0], want) {
		t.Errorf("asked for %+v, want %+v", *asked, want)
	}
	if exit := m.Run(t.Context(), []string{"-i", path}); exit != 0 || len(*asked) != 1 || !strings.Contains(out.String(), "warning") {
		t.Errorf("a name clash: exit %d, asked for %+v, said %s", exit, *asked, out)
	}
	if exit := m.Run(t.Context(), []string{"-i", path, "-f", "-w", "7"}); exit != 0 || len(*asked) != 2 || (*asked)[1].Timeout != 7*time.Minute {
		t.Errorf("-f -w 7: exit %d, asked for %+v", exit, *asked)
	}
	if exit := m.Run(t.Context(), []string{"-u", "aa_script"}); exit != 0 || len(*asked) != 3 || (*asked)[2].Op != opUnregister {
		t.Errorf("-u: exit %d, asked for %+v", exit, *asked)
	}
	if _, err := os.Stat(target); !os.IsNotExist(err) {
		t.Errorf("after -u: %v", err)
	}
	if exit := m.Run(t.Context(), []string{"-u", "aa_script"}); exit == 0 {
		t.Error("-u of what is not installed ends with 0")
	}
}

func sameRequest(a, b Request) bool {
	return a.Op == b.Op && a.Node == b.Node && a.Path == b.Path && a.Name == b.Name && a.Info == b.Info && a.Timeout == b.Timeout
}

func TestDrmgrRefuses(t *testing.T) {
	ok := script(t, goodScript)
	for name, args := range map[string][]string{
		"nothing":          {},
		"both":             {"-i", ok, "-u", "x"},
		"no value":         {"-i"},
		"minutes":          {"-i", ok, "-w", "x"},
		"flag":             {"-i", ok, "-z", "1"},
		"word":             {"-i", ok, "word"},
		"force with -u":    {"-u", "x", "-f"},
		"other host":       {"-i", ok, "-D", "n2"},
		"no such script":   {"-i", "/nonexistent/script"},
		"fails":            {"-i", script(t, "#!/bin/sh\nexit 10\n")},
		"no version":       {"-i", script(t, strings.ReplaceAll(goodScript, "DR_VERSION", "X"))},
		"bad limit":        {"-i", script(t, strings.ReplaceAll(goodScript, "=300", "=soon"))},
		"no resource":      {"-i", script(t, strings.ReplaceAll(goodScript, "DR_RESOURCE", "X"))},
		"usage fails":      {"-i", script(t, strings.ReplaceAll(goodScript, "= pmig", "= cpu"))},
		"not a program":    {"-i", script(t, "#!/nonexistent\n")},
		"nothing to erase": {"-u", "aa_script"},
	} {
		m, asked, out := double(t)
		if exit := m.Run(t.Context(), args); exit == 0 || len(*asked) > 0 || out.Len() == 0 {
			t.Errorf("%s: exit %d, asked for %+v, said %q", name, exit, *asked, out)
		}
		left, err := os.ReadDir(m.Dir.Scripts("n1"))
		if err != nil || len(left) > 0 {
			t.Errorf("%s: left %v, %v", name, left, err)
		}
	}
}
