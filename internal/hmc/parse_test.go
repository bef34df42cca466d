package hmc

import (
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"powerha_lpm_exporter/internal/command"
	"powerha_lpm_exporter/internal/model"
)

var update = flag.Bool("update", false, "write the golden files anew")

// understood is what a golden file holds.
type understood struct {
	States []model.HMCState `json:"states"`
	Answer struct {
		Unparsed int                  `json:"unparsed"`
		Rejected []model.RejectedLine `json:"rejected,omitempty"`
		Unknown  []model.UnknownWord  `json:"unknown,omitempty"`
	} `json:"answer"`
	Err string `json:"error,omitempty"`
}

func read(field string, out command.Output) (u understood) {
	f := States
	if field == "migration_state" {
		f = Migrations
	}
	states, a, err := f(out)
	u.States, u.Answer.Unparsed, u.Answer.Rejected, u.Answer.Unknown = states, a.Unparsed, a.Rejected, a.Unknown
	if err != nil {
		u.Err = err.Error()
	}
	return u
}

func TestGolden(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) < 11 {
		t.Fatal(len(files), err)
	}
	sources, err := os.ReadFile("testdata/SOURCES.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".txt")
		field, kind, _ := strings.Cut(name, ".")
		t.Run(name, func(t *testing.T) {
			if !strings.Contains(string(sources), kind) {
				t.Error("its source is not named")
			}
			in, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got, err := json.MarshalIndent(read(field, command.Output{Stdout: in}), "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, '\n')
			golden := strings.TrimSuffix(file, ".txt") + ".json"
			if *update {
				if err := os.WriteFile(golden, got, 0o644); err != nil { //nolint:gosec // test data
					t.Fatal(err)
				}
			}
			if want, err := os.ReadFile(golden); err != nil || string(got) != string(want) {
				t.Errorf("%v; got\n%s\nwant\n%s", err, got, want)
			}
		})
	}
}

func TestBadInput(t *testing.T) {
	for name, tc := range map[string]struct {
		out    command.Output
		states int
		want   string // of the error; "" for none
	}{
		"empty":                {command.Output{}, 0, "it printed nothing"},
		"blank":                {command.Output{Stdout: []byte("\n \n")}, 0, "it printed nothing"},
		"empty list":           {command.Output{Stdout: []byte("No results were found.\n")}, 0, ""},
		"not found":            {command.Output{Stdout: []byte("HSCL8012 The partition named lpar1 was not found.\n"), Exit: 1}, 0, ""},
		"not found, elsewhere": {command.Output{Stderr: []byte("HSCL8012 La partition lpar1 est introuvable.\n"), Exit: 1}, 0, ""},
		"not found, exit 0":    {command.Output{Stdout: []byte("HSCL8012 The partition named lpar1 was not found.\n")}, 0, "no state in the output, which begins"},
		"busy":                 {command.Output{Stdout: []byte("HSCL3205 The operation failed.\n"), Exit: 255}, 0, "ssh could not log on: HSCL3205"},
		"another message":      {command.Output{Stderr: []byte("\nHSCL03EC There is not enough memory.\n"), Exit: 1}, 0, "exit 1: HSCL03EC There"},
		"permission":           {command.Output{Stderr: []byte("hscuser@hmc1: Permission denied (publickey).\n"), Exit: 255}, 0, "ssh could not log on: hscuser@hmc1: Permission denied"},
		"usage":                {command.Output{Stderr: []byte("Usage: lssyscfg -r lpar | prof | sys ...\n"), Exit: 1}, 0, "exit 1: Usage"},
		"usage, exit 0":        {command.Output{Stdout: []byte("Usage: lssyscfg -r lpar | prof | sys\n   -m managed-system\n")}, 0, "no state in the output"},
		"stderr, exit 0":       {command.Output{Stderr: []byte("warning: something\n")}, 0, "it printed nothing"},
		"greeting, exit 0":     {command.Output{Stderr: []byte("Welcome\n"), Stdout: []byte("lpar1,Running\n")}, 1, ""},
		"signal":               {command.Output{Exit: -1}, 0, "ended by a signal"},
		"truncated":            {command.Output{Stdout: []byte("lpar1,Running\n"), Truncated: true}, 0, "more than is taken in"},
		"megabytes":            {command.Output{Stdout: []byte(strings.Repeat("lpar1,Running\n", 70000))}, maxRows, ""},
		"NUL bytes":            {command.Output{Stdout: []byte("lpar1,Run\x00ning\n")}, 0, "no state"},
		"too many columns":     {command.Output{Stdout: []byte("lpar1,3,Running\n")}, 0, "3 fields in place of name,state"},
		"too few columns":      {command.Output{Stdout: []byte("Running\n")}, 0, "1 fields in place of name,state"},
		"doubled name":         {command.Output{Stdout: []byte("lpar1,Not Activated\nlpar1,Running\n")}, 2, ""},
		"attribute twice":      {command.Output{Stdout: []byte("name=lpar1,state=Running,state=Error\n")}, 0, "stands twice"},
		"no such attribute":    {command.Output{Stdout: []byte("name=lpar1,lpar_id=3\n")}, 0, "a value of state was expected"},
		"another's format":     {command.Output{Stdout: []byte("Group Name     State            Node\nrg1            ONLINE           n1\n")}, 0, "no state in the output"},
		"a name of commands":   {command.Output{Stdout: []byte("$(reboot),Running\n")}, 0, "no state"},
		"open quote":           {command.Output{Stdout: []byte("\"lpar1,Running\n")}, 0, "no state"},
	} {
		got := read("state", tc.out)
		why := got.Err
		for _, r := range got.Answer.Rejected {
			why += " " + r.Why
		}
		if len(got.States) != tc.states || (got.Err == "") != (tc.want == "") || !strings.Contains(why, tc.want) {
			t.Errorf("%s: %d states, %q", name, len(got.States), why)
		}
		if len(got.Answer.Rejected) > maxRejected {
			t.Errorf("%s: %d lines are kept", name, len(got.Answer.Rejected))
		}
	}
}

// An answer that was cut at any byte never says that a partition is off which is not, nor that it does not migrate while it does.
func TestCut(t *testing.T) {
	for _, tc := range []struct{ field, text string }{
		{"state", "lpar1,Running\nlpar2,Migrating - Not Activated\nlpar3,Error\n"},
		{"state", "name=lpar1,lpar_id=2,state=Running,rmc_state=active\n"},
		{"migration_state", "lpar1,Migration In Progress\nlpar2,Requires Recovery\n"},
	} {
		for n := range len(tc.text) {
			for _, s := range read(tc.field, command.Output{Stdout: []byte(tc.text[:n])}).States {
				if s.State == model.LPARNotActivated || s.Migration == model.HMCNotMigrating {
					t.Errorf("%q: %+v", tc.text[:n], s)
				}
			}
		}
	}
}

func TestSystems(t *testing.T) {
	got, a, err := Systems(command.Output{Stdout: []byte("Server-9009-42A-SN7812345,Operating\np9b,Power Off\n")})
	if err != nil || a.Unparsed != 0 || strings.Join(got, " ") != "Server-9009-42A-SN7812345 p9b" {
		t.Errorf("%v, %+v, %v", got, a, err)
	}
	if _, _, err := Systems(command.Output{Exit: sshFailed}); !errors.Is(err, errSSH) {
		t.Errorf("%v", err)
	}
}

func FuzzStates(f *testing.F)     { fuzz(f, "state") }
func FuzzMigrations(f *testing.F) { fuzz(f, "migration_state") }
func FuzzSystems(f *testing.F)    { fuzz(f, "") }

func fuzz(f *testing.F, field string) {
	f.Helper()
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		f.Fatal(len(files), err)
	}
	for _, file := range files {
		in, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(in, 0)
	}
	f.Add([]byte(notFound), 1)
	f.Fuzz(func(t *testing.T, in []byte, exit int) {
		out := command.Output{Stdout: in, Exit: exit}
		var names []string
		var err error
		var a Answer
		switch field {
		case "":
			names, a, err = Systems(out)
		default:
			u := read(field, out)
			if u.Err != "" {
				err = errors.New(u.Err)
			}
			for _, s := range u.States {
				names = append(names, s.System)
				if field == "state" && (s.State == "" || s.RawState == "") || field != "state" && (s.Migration == "" || s.Raw == "") {
					t.Errorf("%+v", s)
				}
			}
			a.Unparsed, a.Rejected, a.Unknown = u.Answer.Unparsed, u.Answer.Rejected, u.Answer.Unknown
		}
		if len(names) > maxRows || len(a.Rejected) > maxRejected || len(a.Unknown) > maxRejected || a.Unparsed > len(in) {
			t.Errorf("%d rows, %d lines, %d words of %d bytes", len(names), a.Unparsed, len(a.Unknown), len(in))
		}
		if err != nil && (len(names) > 0 || len(err.Error()) > 2*maxText) {
			t.Errorf("%d rows beside %q", len(names), err)
		}
		for _, n := range names {
			if !Name(n) {
				t.Errorf("%q is no name", n)
			}
		}
	})
}
