package realdrmgr

import (
	"bytes"
	"debug/elf"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// The stand-in for the firmware is a shared object that a dynamic linker of ppc64le takes.
func TestFirmware(t *testing.T) {
	b := firmware()
	f, err := elf.NewFile(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	if f.Machine != elf.EM_PPC64 || f.Type != elf.ET_DYN || f.ByteOrder.String() != "LittleEndian" {
		t.Errorf("%v %v %v", f.Machine, f.Type, f.ByteOrder)
	}
	var kinds []elf.ProgType
	for _, p := range f.Progs {
		kinds = append(kinds, p.Type)
		if p.Off+p.Filesz > uint64(len(b)) {
			t.Errorf("segment %v reaches beyond the file", p.Type)
		}
	}
	if !slices.Equal(kinds, []elf.ProgType{elf.PT_LOAD, elf.PT_DYNAMIC, elf.PT_GNU_STACK}) {
		t.Errorf("segments %v", kinds)
	}
	for _, s := range []string{"rtas_suspend_me\x00", "firmware.so\x00", firmwareCall + "\x00" + firmwareStatus + "\x00"} {
		if bytes.Count(b, []byte(s)) != 1 {
			t.Errorf("%q is not in it once", s)
		}
	}
	// Both displacements point at their path, counted from the beginning of the function.
	code, start := suspendMe(), bytes.Index(b, []byte(firmwareCall))
	function := start - 4*len(code)
	for i, path := range []string{firmwareCall, firmwareStatus} {
		var at []int
		for _, w := range code {
			if w>>16 == 14<<10|3<<5|12 { // addi r3,r12
				at = append(at, int(w&0xffff))
			}
		}
		if len(at) != 2 || !bytes.HasPrefix(b[function+at[i]:], []byte(path+"\x00")) {
			t.Errorf("displacements %v", at)
		}
	}
}

// A writer waits, whatever it writes, until it is let go on.
func TestKernel(t *testing.T) {
	path := filepath.Join(t.TempDir(), "migration")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	k, err := openKernel(path)
	if err != nil {
		t.Fatal(err)
	}
	wrote := make(chan error, 1)
	go func() { wrote <- os.WriteFile(path, []byte("0x1\n"), 0o600) }()
	if err := k.asked(); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-wrote:
		t.Fatalf("did not wait: %v", err)
	default:
	}
	if err := k.goOn(); err != nil {
		t.Error(err)
	}
	if err := <-wrote; err != nil {
		t.Error(err)
	}
	if err := k.Close(); err != nil {
		t.Error(err)
	}
	if err := k.asked(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("after the end: %v", err)
	}
}

// Another stream than that which was asked for is told.
func TestKernelOtherStream(t *testing.T) {
	path := filepath.Join(t.TempDir(), "migration")
	if err := unix.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	k, err := openKernel(path)
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close()
	wrote := make(chan error, 1)
	go func() { wrote <- os.WriteFile(path, []byte("0x2\n"), 0o600) }()
	if err := k.asked(); err != nil {
		t.Fatal(err)
	}
	if err := k.goOn(); err == nil || !strings.Contains(err.Error(), `"0x2\n"`) {
		t.Errorf("%v", err)
	}
	if err := <-wrote; err != nil {
		t.Error(err)
	}
}

// Each call of the firmware waits for its own status.
func TestPlatform(t *testing.T) {
	dir := t.TempDir()
	call, status := filepath.Join(dir, "call"), filepath.Join(dir, "status")
	for _, p := range []string{call, status} {
		if err := unix.Mkfifo(p, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p, err := openFirmware(call, status)
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan []byte)
	go func() { // as the code of the stand-in does
		for range 2 {
			_ = os.WriteFile(call, []byte{1, 0, 0, 0}, 0)
			f, err := os.Open(status)
			if err != nil {
				close(got)
				return
			}
			b := make([]byte, 4)
			_, _ = io.ReadFull(f, b)
			_ = f.Close()
			got <- b
		}
	}()
	for _, tc := range []struct {
		status int32
		want   []byte
	}{{NotSuspendable, []byte{0xd4, 0xdc, 0xff, 0xff}}, {Suspended, []byte{0, 0, 0, 0}}} {
		if err := p.called(); err != nil {
			t.Fatal(err)
		}
		if err := p.answer(tc.status); err != nil {
			t.Fatal(err)
		}
		if b := <-got; !bytes.Equal(b, tc.want) {
			t.Errorf("%d arrived as % x", tc.status, b)
		}
	}
	if err := p.Close(); err != nil {
		t.Error(err)
	}
	if err := p.called(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("after the end: %v", err)
	}
}

const aptLists = `# comment
deb http://mirror.example/debian bookworm main
deb [arch=amd64 signed-by=/usr/share/keyrings/x.gpg] https://other.example/debian/ sid main
deb-src http://sources.example/debian sid main
deb http://mirror.example/debian-security bookworm-security main
deb [arch=amd64
deb
Types: deb
URIs: http://third.example/debian http://fourth.example/ubuntu
Suites: sid
`

func TestMirrors(t *testing.T) {
	got := parseMirrors([]byte(aptLists))
	if want := []string{"http://mirror.example/debian", "https://other.example/debian/", "http://third.example/debian"}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
	dir := t.TempDir()
	if _, err := mirrors(dir); !errors.Is(err, ErrUnavailable) {
		t.Errorf("no lists: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "sources.list"), []byte(aptLists+aptLists), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := mirrors(dir); err != nil || len(got) != 3 {
		t.Errorf("%q, %v", got, err)
	}
}

// What drmgr of powerpc-utils 1.3.13 logs at detail level 4, a hook's own words among it.
const drmgrSays = `
########## Nov 25 09:25:28 2026 ##########
Validating partition migration capability...yes.
drmgr: -m -c pmig -p check -s 0x1 -d 4 
Running hook '/etc/drmgr.d/pmig/00_powerha_lpm' for phase check (PID=15420)
powerha_lpm: the migration is refused: no_standby_up
hook '/etc/drmgr.d/pmig/00_powerha_lpm' exited with status 1
Running hook '/etc/drmgr.d/pmig/10_other' for phase check (PID=15421)
hook '/etc/drmgr.d/pmig/10_other' terminated by signal 9
Running hook '/etc/drmgr.d/pmig/00_powerha_lpm' for phase undocheck (PID=15425)
hook '/etc/drmgr.d/pmig/00_powerha_lpm' exited with status 0
########## Nov 25 09:25:28 2026 ##########
`

func TestParseLog(t *testing.T) {
	want := []HookRan{
		{"/etc/drmgr.d/pmig/00_powerha_lpm", "check", 1},
		{"/etc/drmgr.d/pmig/10_other", "check", -1},
		{"/etc/drmgr.d/pmig/00_powerha_lpm", "undocheck", 0},
	}
	if got := parseLog(drmgrSays); !slices.Equal(got, want) {
		t.Errorf("got %+v", got)
	}
	if got := (Ran{Hooks: want}).Phases(); strings.Join(got, ",") != "check,check,undocheck" {
		t.Errorf("phases %q", got)
	}
}

func FuzzParseLog(f *testing.F) {
	f.Add(drmgrSays)
	f.Fuzz(func(t *testing.T, text string) {
		for _, h := range parseLog(text) {
			if h.Path == "" || h.Phase == "" {
				t.Errorf("%+v", h)
			}
		}
	})
}

func FuzzMirrors(f *testing.F) {
	f.Add([]byte(aptLists))
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, m := range parseMirrors(b) {
			if strings.ContainsAny(m, " \t\n") || !strings.Contains(m, "/debian") {
				t.Errorf("%q", m)
			}
		}
	})
}

func TestStop(t *testing.T) {
	if _, err := Stop(0, 1<<22+1); err == nil { // no such process
		t.Error("stopped nobody")
	}
}
