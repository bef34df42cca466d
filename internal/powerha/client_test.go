package powerha

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/command"
	"powerha_lpm_exporter/internal/model"
)

// fakeRunner answers every query alike and notes it.
type fakeRunner struct {
	command.Runner
	clk   *clock.Fake
	takes time.Duration
	out   command.Output
	err   error
	asked []command.Query
}

func (f *fakeRunner) Query(_ context.Context, q command.Query) (command.Output, error) {
	f.asked = append(f.asked, q)
	f.clk.Advance(f.takes)
	return f.out, f.err
}

func testClient(t *testing.T, f *fakeRunner, argv map[string][]string) *Client {
	t.Helper()
	f.clk = clock.NewFake(model.Instant{Wall: time.Unix(1e9, 0).UTC(), Mono: time.Hour})
	return New(Options{Argv: argv, Runner: f, Clock: f.clk, Timeout: 7 * time.Second})
}

// Entries that are not AIX's own are asked for by their resources.
func TestErrlogResources(t *testing.T) {
	f := &fakeRunner{}
	f.clk = clock.NewFake(model.Instant{Wall: time.Unix(1e9, 0).UTC(), Mono: time.Hour})
	c := New(Options{Runner: f, Clock: f.clk, ErrlogResources: []string{"pmig", "vio0"}})
	c.Read(t.Context(), model.SourceErrlog)
	c.Read(t.Context(), model.SourceInittab)
	if got := strings.Join(f.asked[0].Argv, " "); got != "/usr/bin/errpt -a -N pmig,vio0" || f.asked[0].Name != "errpt -a -N pmig,vio0" {
		t.Errorf("asked %q as %q", got, f.asked[0].Name)
	}
	if got := strings.Join(f.asked[1].Argv, " "); got != "/usr/sbin/lsitab hacmp_lpm" {
		t.Errorf("asked %q", got)
	}
}

func TestReadAsksOneCommand(t *testing.T) {
	for source, want := range map[model.Source]string{
		model.SourceCluster:       "/usr/es/sbin/cluster/utilities/clmgr query cluster",
		model.SourceNodes:         "/usr/es/sbin/cluster/utilities/clmgr -cv -a name,state,raw_state query node",
		model.SourceMonitors:      "/usr/es/sbin/cluster/utilities/clmgr -v query application_monitor",
		model.SourceGroups:        "/usr/es/sbin/cluster/utilities/clRGinfo -s",
		model.SourceManager:       "/usr/bin/lssrc -ls clstrmgrES",
		model.SourceGroupServices: "/usr/bin/lssrc -ls cthags",
		model.SourceSubsystems:    "/usr/bin/lssrc -g cluster",
		model.SourceNodeTimeout:   "/usr/sbin/clctrl -tune -x node_timeout",
		model.SourceDeadmanMode:   "/usr/sbin/clctrl -tune -x deadman_mode",
		model.SourceTunables:      "/usr/sbin/clctrl -tune -a",
		model.SourceMembers:       "/usr/sbin/lscluster -m",
		model.SourceInittab:       "/usr/sbin/lsitab hacmp_lpm",
		model.SourceErrlog:        "/usr/bin/errpt -a -J CLIENT_PMIG_STARTED,CLIENT_PMIG_DONE,CLIENT_PMIG_ABORTED",
		model.SourceFaults:        "/usr/bin/errpt -a -j BC3BE5A3,225E3B63,358D0A3E,1104AA28,67145A39,2BFA76F6,69350832,DD42A684,2DA324CB,AB59ABFF,C84C68D4,CAD234BE",
		model.SourceProcesses:     "/usr/bin/ps -e -o pid,args",
		model.SourceServer:        "/usr/sbin/lsattr -El sys0 -a systemid -a modelname",
		model.SourceScripts:       "/usr/sbin/drmgr -l",
	} {
		f := &fakeRunner{}
		testClient(t, f, nil).Read(t.Context(), source)
		if len(f.asked) != 1 {
			t.Errorf("%s: %d commands", source, len(f.asked))
			continue
		}
		// Two questions to one tool may be out at once without counting as the same.
		if name := f.asked[0].Name; !strings.HasSuffix(want, "/"+name) {
			t.Errorf("%s: asked as %q", source, name)
		}
		if got := strings.Join(f.asked[0].Argv, " "); got != want || f.asked[0].Timeout != 7*time.Second {
			t.Errorf("%s: %s within %s, want %s", source, got, f.asked[0].Timeout, want)
		}
	}
}

func TestReadUsesConfiguredPath(t *testing.T) {
	f := &fakeRunner{out: command.Output{Stdout: []byte("rg:ONLINE:n1\n")}, takes: time.Second}
	argv := map[string][]string{"clRGinfo": {"/usr/bin/sudo", "-n", "/x/clRGinfo"}, "clmgr": nil}
	c := testClient(t, f, argv)
	start := f.clk.Now()
	r := c.Read(t.Context(), model.SourceGroups)
	if want := []string{"/usr/bin/sudo", "-n", "/x/clRGinfo", "-s"}; !slices.Equal(f.asked[0].Argv, want) {
		t.Errorf("argv %q, want %q", f.asked[0].Argv, want)
	}
	if r.At != start || r.Took != time.Second || r.Err != "" || len(r.Groups) != 1 {
		t.Errorf("reading %+v", r)
	}
	if c.argv["clmgr"][0] != "/usr/es/sbin/cluster/utilities/clmgr" {
		t.Errorf("an empty entry replaced the product's path: %q", c.argv["clmgr"])
	}
}

func TestReadTellsFailures(t *testing.T) {
	for name, test := range map[string]struct {
		source            model.Source
		out               command.Output
		err               error
		want              string
		timedOut, missing bool
	}{
		"exit": {
			source: model.SourceGroups, out: command.Output{Exit: 1, Stderr: []byte("\nCluster IPC error: x\n")},
			want: "clRGinfo -s: exit 1: Cluster IPC error: x; check that cluster services run: lssrc -ls clstrmgrES",
		},
		"exit, message on stdout": {
			source: model.SourceGroups, out: command.Output{Exit: 1, Stdout: []byte("Cluster IPC error: x\n")},
			want: "clRGinfo -s: exit 1: Cluster IPC error: x; check that cluster services run: lssrc -ls clstrmgrES",
		},
		"rows but a failure": {
			source: model.SourceGroups, out: command.Output{Exit: 2, Stdout: []byte("rg:ONLINE:n1\n")},
			want: "clRGinfo -s: exit 2: rg:ONLINE:n1; check that cluster services run: lssrc -ls clstrmgrES",
		},
		"signal": {
			source: model.SourceMembers, out: command.Output{Exit: -1},
			want: "lscluster -m: ended by a signal without a word; check that CAA runs: clmgr query cluster",
		},
		"rubbish": {
			source: model.SourceManager, out: command.Output{Stdout: []byte("zzz\n"), Stderr: []byte("denied\n")},
			want: `lssrc -ls clstrmgrES: no line "Current state:" in the output, which begins "zzz"; it said: denied; ` +
				`check that PowerHA is installed: lssrc -s clstrmgrES`,
		},
		"cut": {
			source: model.SourceProcesses, out: command.Output{Stdout: []byte("1 init\n"), Truncated: true},
			want: "ps -e -o pid,args: printed more than is taken in; it was left out as a whole; check the rights of this user",
		},
		"time": {
			source: model.SourceCluster, err: fmt.Errorf("clmgr: %w", command.ErrTimeout), timedOut: true,
			want: "clmgr query cluster: no answer within 7s; check that the cluster is configured",
		},
		"busy": {
			source: model.SourceCluster, err: fmt.Errorf("clmgr: %w", command.ErrBusy),
			want: "clmgr query cluster: two earlier runs of it still hang; check that the cluster is configured",
		},
		"missing": {
			source: model.SourceScripts, err: fmt.Errorf("x: %w", command.ErrMissing), missing: true,
			want: "drmgr -l: there is no /usr/sbin/drmgr; install what provides it, or set cluster.commands.drmgr",
		},
		"not allowed": {
			source: model.SourceScripts, err: fmt.Errorf("x: %w: %w", command.ErrMissing, fs.ErrPermission), missing: true,
			want: "drmgr -l: /usr/sbin/drmgr may not be executed by this user; give the right, or set cluster.commands.drmgr to a sudo command",
		},
		"other": {source: model.SourceScripts, err: errors.New("odd"), want: "drmgr -l: odd"},
		"no source": {
			source: "weather", want: `source "weather" is not known`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := &fakeRunner{out: test.out, err: test.err}
			r := testClient(t, f, nil).Read(t.Context(), test.source)
			if r.Err != test.want {
				t.Errorf("got  %s\nwant %s", r.Err, test.want)
			}
			if r.TimedOut != test.timedOut || r.Missing != test.missing || r.Groups != nil {
				t.Errorf("reading %+v", r)
			}
		})
	}
}

// lsitab says by a silent exit 1 that there is no such entry; anything else is a failure.
func TestReadInittab(t *testing.T) {
	for name, test := range map[string]struct {
		out  command.Output
		want string
	}{
		"there":   {command.Output{Stdout: []byte("hacmp_lpm:2:once:x\n")}, "true"},
		"absent":  {command.Output{Exit: 1}, "false"},
		"denied":  {command.Output{Exit: 1, Stderr: []byte("denied")}, "error"},
		"usage":   {command.Output{Exit: 2}, "error"},
		"foreign": {command.Output{Stdout: []byte("other:2:once:x\n")}, "error"},
	} {
		r := testClient(t, &fakeRunner{out: test.out}, nil).Read(t.Context(), model.SourceInittab)
		got := "error"
		if r.Inittab != nil {
			got = fmt.Sprint(*r.Inittab)
		}
		if got != test.want || (r.Err != "") != (got == "error") {
			t.Errorf("%s: %s (%s), want %s", name, got, r.Err, test.want)
		}
	}
}

// Every source is in one of the two lists, once, and has a command and a parser.
func TestSources(t *testing.T) {
	deciding, informing := Sources()
	seen := make(map[model.Source]bool)
	for _, s := range slices.Concat(deciding, informing) {
		q, ok := questionOf(s)
		if !ok || seen[s] || q.parse == nil || q.hint == "" {
			t.Errorf("%s: question %v, listed before %v", s, ok, seen[s])
		}
		seen[s] = true
		if _, ok := DefaultArgv()[Tool(s)]; !ok {
			t.Errorf("%s: no path for %s", s, Tool(s))
		}
		if Command(s) == "" || !strings.HasPrefix(Command(s), Tool(s)+" ") && Command(s) != Tool(s) {
			t.Errorf("%s: %q by %q", s, Command(s), Tool(s))
		}
	}
	if len(seen) != 33 {
		t.Errorf("%d sources", len(seen))
	}
	if got := Tool("weather"); got != "weather" {
		t.Errorf("an unknown source has the tool %q", got)
	}
}

// What complains and prints nothing has not said that there is nothing.
func TestComplaintIsNoAnswer(t *testing.T) {
	deciding, informing := Sources()
	for _, s := range slices.Concat(deciding, informing) {
		r := Interpret(s, command.Output{Stderr: []byte("x: permission denied\n")})
		if !strings.Contains(r.Err, "printed nothing; it said: x: permission denied") {
			t.Errorf("%s: %q", s, r.Err)
		}
	}
}

// Names of programs and of sites are taken as they are; a state in the place of the site is none.
func TestWordsAsTheyAre(t *testing.T) {
	m := readingOf(t, model.SourceMonitors, []byte("NAME=\"m\"\nTYPE=\"Process\"\nMODE=\"both\"\nPROCESSES=\"asm_pmon_+ASM1, tnslsnr\"\n"))
	if len(m.Monitors) != 1 || !slices.Equal(m.Monitors[0].Processes, []string{"asm_pmon_+ASM1", "tnslsnr"}) {
		t.Errorf("monitors %+v", m.Monitors)
	}
	for site, want := range map[string]string{"north": "north", "UNKNOWN": "", "OFFLINE_SECONDARY": "", "NORTH": "NORTH", " ": ""} {
		r := readingOf(t, model.SourceGroups, []byte("rg:ONLINE:n1:::::ignore:"+site+":\n"))
		if len(r.Groups) != 1 || r.Groups[0].Site != want {
			t.Errorf("site %q: %+v", site, r.Groups)
		}
	}
}
