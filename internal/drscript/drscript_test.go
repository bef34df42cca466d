package drscript

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/config"
	"powerha_lpm_exporter/internal/control"
	"powerha_lpm_exporter/internal/durable"
	"powerha_lpm_exporter/internal/episode"
	"powerha_lpm_exporter/internal/model"
)

var start = model.Instant{Wall: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC), Mono: time.Hour}

// actor answers as the function says.
type actor func(ctx context.Context, r control.DRRequest, reply func(control.DRReply)) error

func (a actor) DR(ctx context.Context, r control.DRRequest, reply func(control.DRReply)) error {
	return a(ctx, r, reply)
}

func says(v control.Verdict, message string) actor {
	return func(_ context.Context, _ control.DRRequest, reply func(control.DRReply)) error {
		reply(control.DRReply{Done: true, Verdict: v, Reason: "some_reason", Message: message})
		return nil
	}
}

var absent actor = func(context.Context, control.DRRequest, func(control.DRReply)) error {
	return fmt.Errorf("%w on /s", control.ErrUnreachable)
}

var launched = &control.Launched{ID: "a1", PID: 42, StartTime: "7", Argv: []string{"/x/clmgr", "stop", "node", "n1"}}

// hangs answers only when the script has given up, before or after it has launched a command.
func hangs(l *control.Launched, began chan<- struct{}) actor {
	return func(ctx context.Context, _ control.DRRequest, reply func(control.DRReply)) error {
		if l != nil {
			reply(control.DRReply{Launched: l})
		}
		close(began)
		<-ctx.Done()
		return ctx.Err()
	}
}

// lost goes away after it has launched a command.
var lost actor = func(_ context.Context, _ control.DRRequest, reply func(control.DRReply)) error {
	reply(control.DRReply{Launched: launched})
	return control.ErrLost
}

func newScript(a Actor) (*Script, *clock.Fake, *durable.Mem) {
	clk, m := clock.NewFake(start), durable.NewMem()
	cfg := config.Default()
	cfg.Cluster.Node = "n1"
	return &Script{
		Config: cfg, Clock: clk, FS: m, Actor: a,
		NodeState:   func(context.Context) (model.NodeState, error) { return model.NodeUnmanaged, nil },
		Running:     func(control.Launched) bool { return false },
		Outstanding: func(time.Time) ([]control.Launched, error) { return nil, nil },
	}, clk, m
}

func aix(t *testing.T, s *Script, args ...string) (string, int) {
	t.Helper()
	var out bytes.Buffer
	status := s.RunAIX(t.Context(), args, &out)
	for line := range strings.Lines(out.String()) {
		if !strings.HasPrefix(line, "DR_") || !strings.Contains(line, "=") {
			t.Errorf("no protocol line: %q", line)
		}
	}
	return out.String(), status
}

func events(t *testing.T, m *durable.Mem) []model.EpisodeEvent {
	t.Helper()
	b, err := m.ReadFile(episode.LogName)
	if err != nil {
		t.Fatal(err)
	}
	out, damaged := episode.Parse(b)
	if damaged > 0 {
		t.Fatalf("%d damaged lines in %s", damaged, b)
	}
	return out
}

func TestInformation(t *testing.T) {
	s, _, _ := newScript(absent)
	for _, tc := range []struct {
		args []string
		want string
		exit int
	}{
		{[]string{"scriptinfo"}, "DR_VERSION=1\nDR_DATE=" + Date + "\nDR_SCRIPTINFO=PowerHA LPM: safe migration of a cluster node\nDR_VENDOR=powerha_lpm_exporter\nDR_TIMEOUT=300\n", 0},
		{[]string{"register"}, "DR_RESOURCE=pmig\n", 0},
		{[]string{"usage", "pmig"}, "DR_USAGE=suspends PowerHA's management of this node for the migration and resumes it once the applications are healthy\n", 0},
		{[]string{"checkrelease", "cpu"}, "DR_ERROR=powerha_lpm: unknown command \"checkrelease\"\n", 10},
		{[]string{"checkmigrate", "phib"}, "DR_ERROR=powerha_lpm: checkmigrate for \"phib\", but only pmig is registered\n", 10},
		{nil, "DR_ERROR=powerha_lpm: unknown command \"\"\n", 10},
	} {
		if out, exit := aix(t, s, tc.args...); out != tc.want || exit != tc.exit {
			t.Errorf("%v: exit %d\n%s", tc.args, exit, out)
		}
	}
}

// S8: the limit is the smaller of the configured and the registered one, less 5 s; at least 300 s are registered.
func TestLimit(t *testing.T) {
	for _, tc := range []struct {
		atInstall, now   time.Duration
		registered, want time.Duration
	}{
		{300 * time.Second, 300 * time.Second, 300 * time.Second, 295 * time.Second},
		{60 * time.Second, 60 * time.Second, 300 * time.Second, 55 * time.Second},
		{300 * time.Second, 900 * time.Second, 300 * time.Second, 295 * time.Second},
		{900 * time.Second, 900 * time.Second, 900 * time.Second, 895 * time.Second},
		{0, 900 * time.Second, 0, 295 * time.Second}, // never installed by us: 300 s are assumed
	} {
		s, _, _ := newScript(absent)
		if tc.atInstall > 0 {
			s.Config.Migration.PrepareTimeout = config.Duration(tc.atInstall)
			out, _ := aix(t, s, "scriptinfo")
			if want := fmt.Sprintf("DR_TIMEOUT=%d\n", int(tc.registered.Seconds())); !strings.Contains(out, want) {
				t.Errorf("%+v: %s", tc, out)
			}
		}
		s.Config.Migration.PrepareTimeout = config.Duration(tc.now)
		if got := s.limit(); got != tc.want {
			t.Errorf("%+v: limit %s", tc, got)
		}
	}
}

// drmgr of Linux sets no time limit (drmgr-hooks(8)), so the configured one stands, whatever was registered on AIX.
func TestLimitLinux(t *testing.T) {
	var got time.Duration
	s, _, _ := newScript(actor(func(_ context.Context, r control.DRRequest, reply func(control.DRReply)) error {
		got = r.Limit
		reply(control.DRReply{Done: true, Verdict: control.VerdictOK})
		return nil
	}))
	s.Config.Migration.PrepareTimeout = config.Duration(900 * time.Second)
	if exit := s.RunLinux(t.Context(), "pre", &bytes.Buffer{}); exit != 0 || got != 895*time.Second {
		t.Errorf("exit %d, limit %s", exit, got)
	}
}

func TestWholeMigrationIsOneEpisode(t *testing.T) {
	var asked []control.DRRequest
	s, clk, m := newScript(actor(func(_ context.Context, r control.DRRequest, reply func(control.DRReply)) error {
		asked = append(asked, r)
		reply(control.DRReply{Done: true, Verdict: control.VerdictOK, Message: "fine"})
		return nil
	}))
	for _, phase := range []string{"checkmigrate", "premigrate", "postmigrate"} {
		clk.Advance(time.Minute)
		if out, exit := aix(t, s, phase, "pmig"); out != "" && out != "DR_LOG_INFO=powerha_lpm: fine\n" || exit != 0 {
			t.Errorf("%s: exit %d, %s", phase, exit, out)
		}
	}
	var got []string
	ids := map[string]bool{}
	for _, e := range events(t, m) {
		got = append(got, string(e.Event)+" "+e.Details["stage"]+" "+e.Details["verdict"])
		ids[e.Episode] = true
		if e.Source != "dr" || e.Mono == 0 {
			t.Errorf("event %+v", e)
		}
	}
	if want := "checkmigrate  |premigrate begin |premigrate end ok|postmigrate  "; strings.Join(got, "|") != want {
		t.Errorf("log: %s", strings.Join(got, "|"))
	}
	if len(ids) != 1 || !ids[asked[0].Episode] {
		t.Errorf("episodes %v", ids)
	}
	if len(asked) != 3 || asked[1].Phase != model.EventPre || asked[1].Limit != 295*time.Second {
		t.Errorf("asked %+v", asked)
	}
	clk.Advance(20 * time.Minute)
	aix(t, s, "premigrate", "pmig")
	if asked[3].Episode == asked[0].Episode {
		t.Error("the next migration got the id of the first")
	}
}

func TestExpiredCheckIsAnotherEpisode(t *testing.T) {
	s, clk, m := newScript(says(control.VerdictOK, "fine"))
	aix(t, s, "checkmigrate", "pmig")
	clk.Advance(s.Config.Migration.CheckExpires.D() + time.Second)
	aix(t, s, "premigrate", "pmig")
	if e := events(t, m); e[0].Episode == e[1].Episode {
		t.Errorf("an expired check and a later pre are one episode: %+v", e)
	}
}

// S8: a migration fails in two cases only, each chosen by policy.
func TestRefusals(t *testing.T) {
	for _, tc := range []struct {
		phase, preflight, unfinished string
		verdict                      control.Verdict
		exit                         int
	}{
		{"checkmigrate", "enforce", "refuse", control.VerdictRefuse, 10},
		{"checkmigrate", "warn", "refuse", control.VerdictRefuse, 0},
		{"checkmigrate", "enforce", "refuse", control.VerdictWarn, 0},
		{"premigrate", "enforce", "refuse", control.VerdictRefuse, 10},
		{"premigrate", "enforce", "continue", control.VerdictRefuse, 0},
		{"premigrate", "enforce", "refuse", control.VerdictWarn, 0},
		{"postmigrate", "enforce", "refuse", control.VerdictRefuse, 0},
		{"undopremigrate", "enforce", "refuse", control.VerdictRefuse, 0},
		{"checkmigrate", "enforce", "refuse", "nonsense", 0},
	} {
		s, _, _ := newScript(says(tc.verdict, "standby is down"))
		s.Config.Migration.Preflight, s.Config.Migration.OnUnfinishedPrepare = tc.preflight, tc.unfinished
		out, exit := aix(t, s, tc.phase, "pmig")
		if exit != tc.exit {
			t.Errorf("%+v: exit %d, %s", tc, exit, out)
		}
		if wants := "DR_ERROR=powerha_lpm: standby is down\n"; (exit == 10) != strings.Contains(out, wants) {
			t.Errorf("%+v: %s", tc, out)
		}
	}
}

// S8: actor dead, log unwritable, configuration wrong: the migration goes on, and the gap is told.
func TestNeverInTheWay(t *testing.T) {
	for _, phase := range []string{"checkmigrate", "premigrate", "postmigrate", "undopremigrate", "undocheckmigrate"} {
		s, _, m := newScript(absent)
		s.Config.Migration.Preflight = "enforce"
		s.Complaint = "f.yml:3: bad"
		m.ReadOnly(true)
		out, exit := aix(t, s, phase, "pmig")
		if exit != 0 || !strings.Contains(out, "DR_LOG_WARNING=powerha_lpm: configuration not used") ||
			!strings.Contains(out, "DR_LOG_ERR=powerha_lpm: the episode log could not be written") || !strings.Contains(out, "does not answer") {
			t.Errorf("%s: exit %d\n%s", phase, exit, out)
		}
		s.FS, s.FSErr = nil, errors.New("no folder")
		if out, exit := aix(t, s, phase, "pmig"); exit != 0 || !strings.Contains(out, "no folder") {
			t.Errorf("%s without folder: exit %d\n%s", phase, exit, out)
		}
	}
}

// within runs the call, advances the clock to just before d, asserts that it waits, and then to d.
func within(t *testing.T, s *Script, clk *clock.Fake, began <-chan struct{}, d time.Duration, phase string) (string, int) {
	t.Helper()
	type result struct {
		out  string
		exit int
	}
	done := make(chan result, 1)
	go func() {
		var out bytes.Buffer
		exit := s.RunAIX(t.Context(), []string{phase, "pmig"}, &out)
		done <- result{out.String(), exit}
	}()
	<-began
	clk.Advance(d - 1)
	select {
	case r := <-done:
		t.Fatalf("did not wait: %+v", r)
	default:
	}
	clk.Advance(1)
	r := <-done
	return r.out, r.exit
}

// S8: never beyond the limit.
func TestActorHangs(t *testing.T) {
	for _, tc := range []struct {
		phase  string
		l      *control.Launched
		policy string
		wait   time.Duration
		exit   int
		want   string
	}{
		{"checkmigrate", nil, "refuse", 295 * time.Second, 0, "DR_LOG_WARNING=powerha_lpm: no preflight"},
		{"premigrate", nil, "refuse", 295 * time.Second, 0, "DR_LOG_WARNING=powerha_lpm: not prepared by us"},
		{"premigrate", launched, "refuse", 295 * time.Second, 10, "DR_ERROR=powerha_lpm: `/x/clmgr stop node n1` is not finished after 4m55s"},
		{"premigrate", launched, "continue", 295 * time.Second, 0, "going on as migration.on_unfinished_prepare says"},
		{"postmigrate", nil, "refuse", 2 * time.Second, 0, ""},
		{"undopremigrate", nil, "refuse", 2 * time.Second, 0, ""},
	} {
		began := make(chan struct{})
		s, clk, m := newScript(hangs(tc.l, began))
		s.Config.Migration.OnUnfinishedPrepare = tc.policy
		out, exit := within(t, s, clk, began, tc.wait, tc.phase)
		if exit != tc.exit || !strings.Contains(out, tc.want) || tc.want == "" && out != "" {
			t.Errorf("%+v: exit %d\n%s", tc, exit, out)
		}
		if tc.exit == 10 {
			if e := events(t, m); e[len(e)-1].Details["verdict"] != "refuse" {
				t.Errorf("log: %+v", e)
			}
		}
	}
}

// S8: the actor is lost after the stop was launched; the script waits for the process and for the node to come to rest.
func TestActorLost(t *testing.T) {
	s, clk, _ := newScript(lost)
	states := []model.NodeState{model.NodeLeaving, model.NodeUnmanaged}
	looks := 0
	s.Running = func(l control.Launched) bool {
		if l.PID != 42 || l.StartTime != "7" {
			t.Errorf("looked at %+v", l)
		}
		looks++
		return looks <= 3
	}
	s.NodeState = func(context.Context) (model.NodeState, error) {
		st := states[0]
		states = states[1:]
		return st, nil
	}
	done := make(chan struct{})
	var out bytes.Buffer
	var exit int
	go func() {
		exit = s.RunAIX(t.Context(), []string{"premigrate", "pmig"}, &out)
		close(done)
	}()
	for range 4 { // three times alive, once not at rest
		clk.BlockUntil(2) // the limit and the next look
		clk.Advance(look)
	}
	<-done
	if exit != 0 || !strings.Contains(out.String(), "has ended, the node is unmanaged") || !strings.Contains(out.String(), "waiting without the actor") {
		t.Errorf("exit %d\n%s", exit, out.String())
	}
	if looks != 5 || len(states) != 0 {
		t.Errorf("%d looks, %d states left", looks, len(states))
	}
}

// S8: the actor is lost between the start of the stop and the word of it; the script finds the command by its files.
func TestActorLostBeforeItsWord(t *testing.T) {
	var mute actor = func(context.Context, control.DRRequest, func(control.DRReply)) error { return control.ErrLost }
	for _, tc := range []struct {
		name string
		left []control.Launched
		want string
	}{
		{"begun", []control.Launched{{ID: "unmanage-1"}}, "`unmanage-1` has ended, the node is unmanaged"},
		{"not begun", nil, "left to PowerHA alone"},
	} {
		s, _, _ := newScript(mute)
		s.Outstanding = func(since time.Time) ([]control.Launched, error) {
			if since.After(start.Wall) || start.Wall.Sub(since) > time.Minute {
				t.Errorf("%s: looked for commands since %s, the phase began at %s", tc.name, since, start.Wall)
			}
			return tc.left, nil
		}
		out, exit := aix(t, s, "premigrate", "pmig")
		if exit != 0 || !strings.Contains(out, tc.want) {
			t.Errorf("%s: exit %d\n%s", tc.name, exit, out)
		}
	}
}

func TestActorLostAndNeverAtRest(t *testing.T) {
	s, clk, _ := newScript(lost)
	s.NodeState = func(context.Context) (model.NodeState, error) { return model.NodeUnknown, errors.New("no answer") }
	done := make(chan int, 1)
	var out bytes.Buffer
	go func() { done <- s.RunAIX(t.Context(), []string{"premigrate", "pmig"}, &out) }()
	clk.BlockUntil(2)
	clk.Advance(295 * time.Second)
	if exit := <-done; exit != 10 || !strings.Contains(out.String(), "DR_ERROR=") {
		t.Errorf("exit %d\n%s", exit, out.String())
	}
}

func TestLinux(t *testing.T) {
	for _, tc := range []struct {
		phase     string
		preflight string
		a         actor
		out       string
		exit      int
		event     model.EventKind
	}{
		{"check", "enforce", says(control.VerdictOK, "fine"), "", 0, model.EventCheck},
		{"check", "enforce", says(control.VerdictRefuse, "standby is down"), "powerha_lpm: standby is down\n", 1, model.EventCheck},
		{"check", "warn", says(control.VerdictWarn, "standby is down"), "powerha_lpm: standby is down\n", 0, model.EventCheck},
		{"undocheck", "warn", says(control.VerdictOK, ""), "", 0, model.EventUndoCheck},
		{"pre", "warn", says(control.VerdictRefuse, "not finished"), "powerha_lpm: not finished\n", 0, model.EventPre},
		{"post", "warn", says(control.VerdictOK, ""), "", 0, model.EventPost},
	} {
		s, _, m := newScript(tc.a)
		s.Config.Migration.Preflight = tc.preflight
		var out bytes.Buffer
		if exit := s.RunLinux(t.Context(), tc.phase, &out); exit != tc.exit || out.String() != tc.out {
			t.Errorf("%s: exit %d, %q", tc.phase, exit, out.String())
		}
		e := events(t, m)
		if e[0].Event != tc.event {
			t.Errorf("%s: %+v", tc.phase, e)
		}
		// Nobody tells a hook how the migration ended.
		if got, want := e[0].Details[episode.DetailResult], map[string]string{"post": "unknown"}[tc.phase]; got != want {
			t.Errorf("%s: result %q, want %q", tc.phase, got, want)
		}
	}
	s, _, _ := newScript(absent)
	var out bytes.Buffer
	if exit := s.RunLinux(t.Context(), "later", &out); exit != 0 || !strings.Contains(out.String(), "unknown phase") {
		t.Errorf("exit %d, %q", exit, out.String())
	}
}

// drmgr of Linux runs pre again and again while the firmware is not ready, and post once: one migration, whose pre phase
// began with the first.
func TestLinuxPreAgain(t *testing.T) {
	asked := map[string]int{}
	s, clk, m := newScript(actor(func(_ context.Context, r control.DRRequest, reply func(control.DRReply)) error {
		asked[r.Episode]++
		reply(control.DRReply{Done: true, Verdict: control.VerdictOK, Message: "fine"})
		return nil
	}))
	for _, phase := range []string{"check", "pre", "pre", "pre", "pre", "post"} {
		var out bytes.Buffer
		if exit := s.RunLinux(t.Context(), phase, &out); exit != 0 || out.Len() > 0 {
			t.Errorf("%s: exit %d, %q", phase, exit, out.String())
		}
		clk.Advance(time.Second)
	}
	all := episode.Fold(events(t, m), clk.Now().Wall, time.Hour)
	if len(all) != 1 || all[0].Open || len(asked) != 1 || asked[all[0].ID] != 6 {
		t.Errorf("%d episodes %+v, asked %v", len(all), all, asked)
	}
}

// drmgr runs pre again when the firmware was not ready: one migration all the same.
func TestPreAgain(t *testing.T) {
	s, clk, m := newScript(says(control.VerdictOK, "fine"))
	for range 3 {
		aix(t, s, "premigrate", "pmig")
		clk.Advance(time.Second)
	}
	all := episode.Fold(events(t, m), clk.Now().Wall, time.Hour)
	if len(all) != 1 {
		t.Errorf("%d episodes", len(all))
	}
}

func TestOneLine(t *testing.T) {
	if got := oneLine("a\nDR_ERROR=b\x1b\u00fc"); got != "a DR_ERROR=b ?" {
		t.Errorf("got %q", got)
	}
	if got := oneLine(strings.Repeat("x", 1000)); len(got) != maxLine {
		t.Errorf("%d letters", len(got))
	}
}
