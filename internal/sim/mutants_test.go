package sim_test

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

var (
	simMutants = flag.Bool("sim.mutants", false, "build the product with each deliberate defect in turn, and have the simulation find it")
	simMutant  = flag.String("sim.mutant", "", "only the mutants whose name contains this")
)

// mutant is a deliberate defect: the product's own source with a few words changed. It is built with go's -overlay, so
// that neither the product nor any file of it carries a switch.
type mutant struct {
	name  string
	rules string // of which at least one has to be the one that finds it
	edits []edit
}

// edit replaces a text that stands exactly once in a file.
type edit struct{ file, old, new string }

const (
	confirmGo = "internal/decide/confirm.go"
	resumeGo  = "internal/decide/resume.go"
	prepareGo = "internal/decide/prepare.go"
	varsGo    = "internal/decide/variables.go"
	coreGo    = "internal/actor/core.go"
	actGo     = "internal/actor/act.go"
	stateGo   = "internal/actor/state.go"
	actorPrep = "internal/actor/prepare.go"
)

func mutants() []mutant {
	one := func(name, rules, file, from, to string) mutant {
		return mutant{name, rules, []edit{{file, from, to}}}
	}
	return []mutant{
		one("resume on an empty result", "S2", confirmGo, "case !g.Found:\n\t\treturn ReasonGateNotReady", "case !g.Found:\n\t\treturn ReasonConfirmed"),
		{"ignore the age of samples", "S2", []edit{
			{confirmGo, "case !g.EvaluatedFound || g.ServerTime.Sub(g.EvaluatedTime)+asked > oldest:", "case !g.EvaluatedFound:"},
			{confirmGo, "case g.ServerTime.Sub(g.SampleTime)+asked > oldest:", "case false:"},
		}},
		one("take the confirmation of another migration", "S2", confirmGo, "case g.EndMillis != in.Episode.End.UnixMilli():", "case false:"),
		{"take a sample from the future", "S2", []edit{
			{confirmGo, "case g.EvaluatedTime.Sub(g.ServerTime) > clockTolerance:", "case false:"},
			{confirmGo, "case g.SampleTime.Sub(g.ServerTime) > clockTolerance:", "case false:"},
		}},
		one("leave out a server that disagrees", "S2", confirmGo, "if r != ReasonConfirmed && verdict == ReasonConfirmed {\n\t\t\tverdict = r\n\t\t}", "if answered == 1 {\n\t\t\tverdict = r\n\t\t}"),
		one("believe Prometheus alone, not the probes", "S2", confirmGo, "it, r := localProbes(in)\n\tadd(it, r)", "it, _ := localProbes(in)\n\tadd(it, ReasonConfirmed)\n\tr = ReasonConfirmed"),
		{"resume while the migration is open", "S2", []edit{
			{resumeGo, "case in.Episode.Open || in.Episode.End.IsZero():\n\t\treturn protected(in)", "case false:\n\t\treturn protected(in)"},
			{resumeGo, "if d, wait := settle(in); wait {\n\t\treturn d\n\t}\n\tact, state", "if d, wait := settle(in); wait && !in.Episode.Open {\n\t\treturn d\n\t}\n\tact, state"},
			{confirmGo, "case !g.Found:\n\t\treturn ReasonGateNotReady", "case in.Episode.Open:\n\t\treturn ReasonConfirmed\n\tcase !g.Found:\n\t\treturn ReasonGateNotReady"},
		}},
		one("resume on facts from before a freeze", "S2", coreGo, "if mono > freezeGap || wall-mono > stepTolerance || mono-wall > stepTolerance {", "if false && wall+mono > 0 {"),
		one("a wake-up by the webhook is evidence", "S2", coreGo, "case Tick:\n", "case Tick:\n\t\tif c.st.Track != nil && c.episode().End.After(c.st.Started) {\n\t\t\tc.st.Track.Approved, c.st.Track.Override = true, true\n\t\t}\n"),
		one("no deadline", "S3 liveness", "internal/decide/deadline.go", "return !in.Seen.EndAt.IsZero() && in.since", "return false && in.since"),
		one("tell nobody", "liveness S3", coreGo, "c.emit(Page{Alert: alert, Summary: summary, Episode: episode})", ""),
		one("forget a variable", "S4", varsGo, "back = append(back, Change{a.Attribute, a.To, a.From})", "if a.Attribute == AttrPolicy {\n\t\t\t\tback = append(back, Change{a.Attribute, a.To, a.From})\n\t\t\t}"),
		one("overwrite a person's value", "S4", varsGo, "d.Reason, d.Detail = ReasonChangedByHuman, a.Attribute+\"=\"+now\n\t\t\treturn d, nil", "back = append(back, Change{a.Attribute, now, a.From})"),
		one("synchronise what others have changed", "S4", varsGo, "case *c.Unsynced:\n\t\td.Reason = ReasonUnsynced", "case false:\n\t\td.Reason = ReasonUnsynced"),
		{"resume what a person has taken back", "S5", []edit{
			{resumeGo, "case model.NodeNormal, model.NodeOffline:\n\t\treturn ended(in, state)", "case model.NodeNormal, model.NodeOffline:"},
			{confirmGo, "s != model.NodeUnmanaged {", "s == model.NodeUnknown {"},
		}},
		one("ignore a hold", "S5", resumeGo, "case in.Hold != \"\" && !in.Track.Approved:", "case false:"),
		one("repeat a resume that changed nothing", "S6", resumeGo, "case in.Track.ResumeTried && !in.Track.Approved:", "case false:"),
		one("replay a command after a restart", "S6 S7 S9 S12", actGo, "case !ours:\n\t\ts = command.Started{ID: a.ID, At: a.At}", "case !ours:\n\t\tc.begun[a.ID] = command.Started{ID: a.ID}\n\t\tc.emit(Launch{command.Act{ID: a.ID + \"x\", Name: a.Kind, Argv: a.Argv}})\n\t\treturn"),
		one("forget after a restart what was begun", "S6 S7 S9 S12 liveness", stateGo, "case KindIntent:\n\t\tp = new(actData)", "case KindIntent:\n\t\treturn nil, nil"),
		{"fail a migration that policy lets pass", "S8", []edit{
			{"internal/drscript/phase.go", "c.conclude(o, c.Config.Migration.Preflight == \"enforce\")", "c.conclude(o, true)"},
			{actorPrep, "case c.opt.Preflight == \"enforce\" && c.opt.Policy.Mode != decide.ModeObserve:", "case c.opt.Policy.Mode != decide.ModeObserve:"},
		}},
		one("begin a command beside one that has not ended", "S9 S6", stateGo, "return s.Act != nil && s.Act.Ended == nil }", "return false }"),
		one("unmanage on unstable ground", "S10", prepareGo, "case m.Manager.State != model.ManagerStable:", "case false:"),
		one("unmanage without a standby", "S10", prepareGo, "check(\"standby\", noStandby == \"\",", "check(\"standby\", true,"),
		one("unmanage beside a peer in migration", "S10", prepareGo, "func oneMigration(in Input) Check {\n\tconst name = \"one_migration\"\n", "func oneMigration(in Input) Check {\n\tconst name = \"one_migration\"\n\tif in.Now.Mono > 0 {\n\t\treturn Check{Name: name, OK: true}\n\t}\n"),
		one("act before it is written", "S12", actGo, "c.emit(AppendJournal{KindIntent, c.trackEpisode(), d})\n\treturn true", "delete(c.mine, a.ID)\n\tc.begun[a.ID] = command.Started{ID: a.ID}\n\tc.emit(Launch{command.Act{ID: a.ID, Name: kind, Argv: a.Argv}}, AppendJournal{KindIntent, c.trackEpisode(), d})\n\treturn true"),
		{"say protected at once", "S13", []edit{
			{"internal/decide/protected.go", "case t.NodeTimeout != lpmTimeout(*c.Cluster):", "case t.NodeTimeout == 1:"},
			{"internal/decide/protected.go", "case *s.DeadManSwitch:\n\t\treturn ReasonSwitchArmed", "case false:\n\t\treturn ReasonSwitchArmed"},
			{"internal/decide/protected.go", "case m.DeadmanMode != \"e\":", "case m.DeadmanMode == \"x\":"},
			{"internal/decide/protected.go", "case *p.DeadManSwitch:", "case false:"},
		}},
		one("take silence for death", "S1", coreGo, "d.Detail = c.lost()[0].Node\n", "d.Detail = c.lost()[0].Node\n\t\tif c.due(\"self\", time.Minute) {\n\t\t\tc.operator(Operator{ID: \"self\", Who: \"actor\", Request: control.OperatorRequest{Verb: control.VerbApproveFailover, Node: d.Detail, Reason: \"silent\"}})\n\t\t}\n"),
		one("fail over a node that is heard of", "S1", "internal/decide/failover.go", "if who := in.alive(req.Node); who != \"\" {", "if who := in.alive(req.Node); who == \"-\" {"),
	}
}

// apply returns the overlay of a mutant, with the changed files in dir.
func (m mutant) apply(t *testing.T, root, dir string) map[string]string {
	t.Helper()
	texts := map[string]string{}
	for _, e := range m.edits {
		if _, ok := texts[e.file]; !ok {
			b, err := os.ReadFile(filepath.Join(root, e.file))
			if err != nil {
				t.Fatal(err)
			}
			texts[e.file] = string(b)
		}
		if n := strings.Count(texts[e.file], e.old); n != 1 {
			t.Fatalf("mutant %q: its text stands %d times in %s, not once; write the mutant anew for the code as it is now:\n%s", m.name, n, e.file, e.old)
		}
		texts[e.file] = strings.Replace(texts[e.file], e.old, e.new, 1)
	}
	replace := map[string]string{}
	for file, text := range texts {
		out := filepath.Join(dir, strings.ReplaceAll(file, "/", "_"))
		if err := os.WriteFile(out, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		replace[filepath.Join(root, file)] = out
	}
	return replace
}

// Every mutant still fits the source. Whether it is found is for -sim.mutants.
func TestMutantsApply(t *testing.T) {
	for _, m := range mutants() {
		m.apply(t, moduleRoot(t), t.TempDir())
	}
}

func moduleRoot(t *testing.T) string {
	t.Helper()
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	return root
}

// TestMutants proves that the checker sees: each deliberate defect has to be found.
func TestMutants(t *testing.T) {
	if !*simMutants {
		t.Skip("builds the product anew for each mutant; run it with make mutants")
	}
	seeds := *simSeeds
	if seeds == 0 {
		seeds = 4000
	}
	for _, m := range mutants() {
		if strings.Contains(m.name, *simMutant) {
			t.Run(m.name, func(t *testing.T) { m.hunt(t, seeds) })
		}
	}
}

// hunt builds the simulation with the mutant and runs seeds until one finds it.
func (m mutant) hunt(t *testing.T, seeds uint64) {
	dir, root := t.TempDir(), moduleRoot(t)
	overlay, err := json.Marshal(map[string]any{"Replace": m.apply(t, root, dir)})
	if err != nil {
		t.Fatal(err)
	}
	list, bin := filepath.Join(dir, "overlay.json"), filepath.Join(dir, "simulation")
	if err := os.WriteFile(list, overlay, 0o600); err != nil {
		t.Fatal(err)
	}
	build := exec.CommandContext(t.Context(), "go", "test", "-c", "-overlay", list, "-o", bin, "./internal/sim")
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("the mutant does not build: %v\n%s", err, out)
	}
	began := time.Now()
	run := exec.CommandContext(t.Context(), bin, "-test.run=TestSimulation$", "-test.timeout=1h",
		"-sim.seeds="+strconv.FormatUint(seeds, 10), "-sim.start="+strconv.FormatUint(*simStart, 10))
	run.Dir = filepath.Join(root, "internal/sim")
	out, err := run.CombinedOutput()
	found := regexp.MustCompile(`seed (\d+): (\S+) on .*`).FindSubmatch(out)
	if err == nil || found == nil {
		t.Fatalf("not found in %d seeds: %v\n%s", seeds, err, out)
	}
	seed, rule := string(found[1]), string(found[2])
	if !strings.Contains(" "+m.rules+" ", " "+rule+" ") {
		t.Errorf("found by %s, want one of %s:\n%s", rule, m.rules, found[0])
	}
	n, _ := strconv.ParseUint(seed, 10, 64) // digits, by the expression above
	fmt.Printf("%-50s %-9s %6d seeds %8s\n", m.name, rule, n-*simStart+1, time.Since(began).Round(time.Second))
}
