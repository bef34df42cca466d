package powerha

import (
	"bytes"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"powerha_lpm_exporter/internal/command"
	"powerha_lpm_exporter/internal/model"
)

// goodFile is an output of each source that is understood wholly.
func goodFile(s model.Source) string {
	return map[model.Source]string{
		model.SourceCluster: "7.2.7/cluster.set", model.SourceNodes: "7.2.0/nodes.unmanaged",
		model.SourceGroups: "7.2.3/groups.table", model.SourceManager: "7.2.7/manager.busy",
		model.SourceMembers: "7.2.0/members.two", model.SourceNodeTimeout: "7.2.0/node_timeout.bare",
		model.SourceDeadmanMode: "7.2.7/deadman_mode.assert", model.SourceTunables: "7.2.7/tunables.watchdog",
		model.SourceGroupServices: "7.2.0/group_services.enabled", model.SourceInittab: "7.2.0/inittab.there",
		model.SourceErrlog: "any/errlog.two", model.SourceMonitors: "7.2.7/monitors.two",
		model.SourceSubsystems: "7.2.0/subsystems.two", model.SourceProcesses: "any/processes.some",
		model.SourceServer: "any/server.lsattr", model.SourceScripts: "any/scripts.list",
		model.SourceFaults: "any/faults.panic", model.SourceGroupAttrs: "7.2.0/group_attrs.two",
		model.SourceGroupPolicies: "7.2.3/group_policies.sites", model.SourceGroupMonitors: "7.2.7/group_monitors.table",
		model.SourceOverrides: "7.2.0/group_overrides.moved", model.SourceGroupNames: "7.2.0/group_names.two",
		model.SourceServices: "7.2.0/services.tables", model.SourceTopology: "7.1.3/topology.standard",
		model.SourceInterfaces: "7.1.3/interfaces.multicast", model.SourceCAA: "7.1.3/caa.single",
		model.SourceCAACounters: "7.2.0/caa_counters.all", model.SourceErrlogSummary: "7.1.3/errlog_summary.moved",
		model.SourcePartition: "any/partition.shared", model.SourceSwitch: "7.2.0/switch.enabled",
		model.SourcePolicyODM: "7.2.0/policy_odm.unmanage", model.SourceTimeoutODM: "7.2.0/timeout_odm.set",
	}[s]
}

func good(t testing.TB, s model.Source) []byte {
	t.Helper()
	if s == model.SourceOwners {
		return []byte("     PID     USER COMMAND\n       1     root init\n")
	}
	b, err := os.ReadFile("testdata/" + goodFile(s) + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func everySource() []model.Source {
	deciding, informing := Sources()
	return slices.Concat(deciding, informing)
}

// TestBadInput states what comes of each kind of bad input, for every source.
func TestBadInput(t *testing.T) {
	const (
		fails   = "fails"   // an error, and no value
		nothing = "nothing" // understood: there is none
		same    = "same"    // what the good output says
	)
	emptyIs := func(s model.Source) string {
		if mayBeEmpty(s) {
			return nothing
		}
		return fails
	}
	always := func(what string) func(model.Source) string { return func(model.Source) string { return what } }
	for _, test := range []struct {
		name string
		out  func(good []byte) command.Output
		want func(model.Source) string
	}{
		{"good", func(b []byte) command.Output { return command.Output{Stdout: b} }, always(same)},
		{"empty", func([]byte) command.Output { return command.Output{} }, emptyIs},
		{"blank lines", func([]byte) command.Output { return command.Output{Stdout: []byte("\n \n\t\n")} }, emptyIs},
		{"good, a complaint beside it, exit 0", func(b []byte) command.Output {
			return command.Output{Stdout: b, Stderr: []byte("warning: clock skew\n")}
		}, always(same)},
		{"a complaint alone, exit 0", func([]byte) command.Output {
			return command.Output{Stderr: []byte("sudo: a password is required\n")}
		}, always(fails)},
		{"good, but it failed", func(b []byte) command.Output { return command.Output{Stdout: b, Exit: 1} }, always(fails)},
		{"good, but killed", func(b []byte) command.Output { return command.Output{Stdout: b, Exit: -1} }, always(fails)},
		{"usage, exit 0", func([]byte) command.Output {
			return command.Output{Stdout: []byte("Usage: tool [-a] [-b name] {-c | -d}\n       tool -h\n")}
		}, always(fails)},
		{"usage, exit 2", func([]byte) command.Output {
			return command.Output{Stderr: []byte("Usage: tool [-a] [-b name] {-c | -d}\n"), Exit: 2}
		}, always(fails)},
		{"permission denied, exit 0", func([]byte) command.Output {
			return command.Output{Stdout: []byte("ksh: tool: 0403-006 Execute permission denied.\n")}
		}, always(fails)},
		{"permission denied, exit 126", func([]byte) command.Output {
			return command.Output{Stderr: []byte("ksh: tool: 0403-006 Execute permission denied.\n"), Exit: 126}
		}, always(fails)},
		{"not found, exit 127", func([]byte) command.Output {
			return command.Output{Stderr: []byte("ksh: tool: not found.\n"), Exit: 127}
		}, always(fails)},
		{"NUL bytes in every line", func(b []byte) command.Output {
			return command.Output{Stdout: bytes.ReplaceAll(b, []byte("\n"), []byte("\x00\n"))}
		}, always(fails)},
		{"NUL bytes alone", func([]byte) command.Output { return command.Output{Stdout: make([]byte, 4096)} }, always(fails)},
		{"bytes that are no text", func([]byte) command.Output {
			return command.Output{Stdout: []byte("\x7fELF\xff\xfe\x80\x81\n\xc3\x28\n")}
		}, always(fails)},
		{"more than is taken in", func(b []byte) command.Output { return command.Output{Stdout: b, Truncated: true} }, always(fails)},
		{"megabytes", func(b []byte) command.Output {
			return command.Output{Stdout: bytes.Repeat([]byte("y\n"), maxStdout)}
		}, always(fails)},
		{"a megabyte of rubbish", func([]byte) command.Output {
			return command.Output{Stdout: bytes.Repeat([]byte("some words: which no tool prints\n"), 1<<15)}
		}, always(fails)},
		{"another product", func([]byte) command.Output {
			return command.Output{Stdout: []byte("CLUSTER        STATUS\nexample        up\n\n  NODE           STATUS       STATE\n  ftsys9         up           running\n")}
		}, always(fails)},
		{"a web page", func([]byte) command.Output {
			return command.Output{Stdout: []byte("<html><head><title>Login</title></head><body><p>Please log in.<br></body></html>\n")}
		}, always(fails)},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, s := range everySource() {
				in := good(t, s)
				r := Interpret(s, test.out(in))
				got := fails
				if r.Err == "" {
					got = same
					if want := Interpret(s, command.Output{Stdout: in}); !reflect.DeepEqual(toldBy(t, r), toldBy(t, want)) {
						got = fmt.Sprintf("another value: %v", toldBy(t, r))
						if len(told(t, r)) == 0 {
							got = nothing
						}
					}
				}
				if want := test.want(s); got != want {
					t.Errorf("%s: %s, want %s (error %q)", s, got, want, r.Err)
				}
				if got == fails && hasValue(r) {
					t.Errorf("%s: a value beside the error: %v", s, toldBy(t, r))
				}
				if len(r.Rejected) > maxRejected || len(r.Err) > 4*maxRaw {
					t.Errorf("%s: %d lines kept, an error of %d bytes", s, len(r.Rejected), len(r.Err))
				}
			}
		})
	}
}

// told is what a reading tells beside what stands for nothing.
func told(t *testing.T, r model.Reading) map[string]any {
	t.Helper()
	m := toldBy(t, r)
	for key, v := range m {
		if v == false || v == "unset" || v == float64(0) {
			delete(m, key)
		}
	}
	return m
}

// A row with too few columns, or too many, costs that row.
func TestWrongColumns(t *testing.T) {
	for s, rows := range map[model.Source][]string{
		model.SourceGroups:        {"rg_new ONLINE", "rg_new", "rg new ONLINE n1", "   ONLINE n1@a@b"},
		model.SourceNodes:         {"n3", "n3:NORMAL", "n3:NORMAL:ST_STABLE:more"},
		model.SourceSubsystems:    {" clstrmgrES", " !x cluster 1 active"},
		model.SourceProcesses:     {"root 1 init", "-"},
		model.SourceOwners:        {"1 root", "root init 1"},
		model.SourceServer:        {"systemid", "modelname"},
		model.SourceTunables:      {"cl1(11403f34).node_down_delay", "= 5", "cl1(11403f34).x = 5 6"},
		model.SourceErrlogSummary: {"A5E6DB96 0518141620 I S", "A5E6DB96 0518141620 IS pmig Client", "A5E6DB9 0518141620 I S pmig x", "A5E6DB96 1318141620 I S pmig x"},
		model.SourceGroupMonitors: {"rg_db db ONLINE", "rg_db", "  ONLINE MONITORED"},
		model.SourceGroupPolicies: {"Houston@site1", "Houston@site1 up and running"},
		model.SourceTopology:      {"  Rack 7"},
		model.SourceCAA:           {"Cluster ID for node : 1", "Primary IP address for node ?: 1"},
		model.SourceCAACounters:   {"pkts lost:", "pkts lost: many"},
		model.SourceInittab:       {"hacmp_lpm:2", "hacmp_lpm"},
		model.SourcePartition:     {"Partition of this place"},
		model.SourceGroupNames:    {"rg_x rg_y"},
		model.SourceScripts:       {"all/cl_dr"},
		model.SourceNodeTimeout:   {"n1 30000", "cl1(11403f34).node_timeout ="},
		model.SourceTimeoutODM:    {"1 2"},
	} {
		in := good(t, s)
		was := readingOf(t, s, in)
		if s == model.SourceCAACounters {
			rows = rows[1:] // a label alone is a title
		}
		for _, row := range rows {
			r := readingOf(t, s, slices.Concat(in, []byte("\n"+row+"\n")))
			if r.Unparsed != was.Unparsed+1 || !reflect.DeepEqual(toldBy(t, r), toldBy(t, was)) || r.Err != "" {
				t.Errorf("%s with %q: error %q, %d not understood, %v", s, row, r.Err, r.Unparsed, toldBy(t, r))
				continue
			}
			last := r.Rejected[len(r.Rejected)-1]
			if last.Text != clip(row) || last.Line != bytes.Count(in, []byte("\n"))+2 || last.Why == "" {
				t.Errorf("%s with %q: kept as %+v", s, row, last)
			}
		}
	}
}

// However many distinct rows are printed, there is an end to what is taken in, and to the time that it takes.
func TestManyRows(t *testing.T) {
	if testing.Short() {
		t.Skip("much for each of many sources")
	}
	many := func(format string) []byte {
		var b bytes.Buffer
		for i := 0; b.Len() < 1<<18; i++ {
			fmt.Fprintf(&b, strings.ReplaceAll(format, "#", "%[1]d"), i)
		}
		return b.Bytes()
	}
	for s, in := range map[model.Source][]byte{
		model.SourceNodes:         append([]byte("# NAME:STATE\n"), many("n#:NORMAL\n")...),
		model.SourceGroups:        many("r#:ONLINE:n#\n"),
		model.SourceMembers:       many("Node name: n#\nState of node: UP\n"),
		model.SourceInterfaces:    many("Node n#\nInterface number 1, en0\nInterface state = UP\n"),
		model.SourceGroupNames:    many("r#\n"),
		model.SourceTopology:      append([]byte("Cluster Name: c\n"), many("NODE n#:\n")...),
		model.SourceGroupMonitors: append([]byte("Group Name Application Node State\n"), many("r# a n ONLINE\n")...),
		model.SourceGroupPolicies: many("Resource Group Name: r#\nNode  State\nn ONLINE\n"),
		model.SourceMonitors:      many("NAME=\"m#\"\nTYPE=\"Custom\"\nMODE=\"both\"\nMONITORINTERVAL=\"x\"\n\n"),
		model.SourceGroupAttrs:    many("<G><NAME>r#</NAME></G>\n"),
		model.SourceTunables:      many("c(11403f34).t# = #\n"),
		model.SourceCAACounters:   many("c#: #\n"),
		model.SourceCAA:           append([]byte("Cluster Name: c\n"), many("Cluster ID for node n#: #\n")...),
	} {
		r := readingOf(t, s, in)
		if r.Err != "" || len(r.Rejected) > maxRejected {
			t.Errorf("%s: error %q, %d lines kept", s, r.Err, len(r.Rejected))
		}
		switch s {
		case model.SourceGroups, model.SourceMonitors, model.SourceGroupAttrs, model.SourceTunables, model.SourceCAACounters, model.SourceCAA:
		default: // where rows are compared with each other
			if n := rowsOf(r); n > maxRows || r.Unparsed == 0 {
				t.Errorf("%s: %d rows, %d not taken in", s, n, r.Unparsed)
			}
		}
	}
}

// A missing command, or one that may not be run, is told as such for every source.
func TestMissingCommand(t *testing.T) {
	for _, s := range everySource() {
		r := testClient(t, &fakeRunner{err: fmt.Errorf("x: %w", command.ErrMissing)}, nil).Read(t.Context(), s)
		if !r.Missing || hasValue(r) || !strings.Contains(r.Err, "there is no /") || !strings.Contains(r.Err, "cluster.commands."+Tool(s)) {
			t.Errorf("%s: %+v", s, r)
		}
	}
}

// A node that is renamed between two commands is two nodes: nothing that one of them says is taken for the other.
func TestRenamedNode(t *testing.T) {
	nodes := readingOf(t, model.SourceNodes, []byte("# NAME:STATE:RAW_STATE\nn1:NORMAL:ST_STABLE\nnew2:NORMAL:ST_STABLE\n"))
	groups := readingOf(t, model.SourceGroups, []byte("rg:OFFLINE:n1\nrg:ONLINE:old2\n"))
	if got := nodes.NodeState("old2"); got != model.NodeUnknown {
		t.Errorf("the old name is %s", got)
	}
	owners, _ := groups.Owners()
	if !slices.Equal(owners["rg"], []string{"old2"}) || nodes.NodeState("new2") != model.NodeNormal {
		t.Errorf("owners %v, nodes %+v", owners, nodes.Nodes)
	}
}

// Where LC_ALL=C is ignored and a catalogue is translated, words are not understood: none is taken for a known one.
func TestTranslatedIsNotMisread(t *testing.T) {
	for _, file := range []string{
		"any/groups.translated", "any/groups.translated_japanese", "any/manager.translated", "any/members.translated",
		"any/errlog.translated", "any/errlog_summary.translated", "any/group_services.translated",
	} {
		in, err := os.ReadFile("testdata/" + file + ".txt")
		if err != nil {
			t.Fatal(err)
		}
		s := sourceOf(file)
		r := Interpret(s, command.Output{Stdout: in})
		if r.Unparsed == 0 {
			t.Errorf("%s: all lines count as understood", file)
		}
		for _, g := range r.Groups {
			if g.State != model.GroupUnknown {
				t.Errorf("%s: %+v", file, g)
			}
		}
		if s == model.SourceErrlogSummary { // its columns are codes
			if len(r.Errlog) != 1 || r.Errlog[0].ID != "159D686C" || r.Errlog[0].Resource != "pmig" {
				t.Errorf("%s: %+v", file, r.Errlog)
			}
		} else if s == model.SourceManager { // names of states are keywords
			if r.Manager == nil || r.Manager.State != model.ManagerStable {
				t.Errorf("%s: %+v, %s", file, r.Manager, r.Err)
			}
		} else if r.Err == "" && len(r.Unknown) == 0 {
			t.Errorf("%s: neither an error nor an unknown word", file)
		}
		if r.Err != "" && !strings.Contains(r.Err, Command(s)) {
			t.Errorf("%s: %q does not name the command", file, r.Err)
		}
	}
}
