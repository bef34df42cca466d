package main

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/alecthomas/kingpin/v2"

	"powerha_lpm_exporter/internal/control"
	"powerha_lpm_exporter/internal/durable"
	"powerha_lpm_exporter/internal/episode"
	"powerha_lpm_exporter/internal/journal"
	"powerha_lpm_exporter/internal/model"
)

func addStatus(app *kingpin.Application, t *tool, verbs map[string]func() int) {
	app.Command("status", "Show what the actor does, why, and what happens next. Without the actor: what journal, log and cluster say.")
	verbs["status"] = t.status
}

// view is everything that status knows. Actor is nil when it does not answer; then the rest is filled.
type view struct {
	Actor      *control.Status `json:"actor,omitempty"`
	ActorError string          `json:"actor_error,omitempty"`
	Live       *live           `json:"live,omitempty"`
	Last       *journal.Record `json:"last_record,omitempty"`
	Episode    *model.Episode  `json:"episode,omitempty"`
	Commands   []string        `json:"commands,omitempty"`
	Notes      []string        `json:"notes,omitempty"`
	// Leftovers are settings of PowerHA's own script that are left behind, as the exporter tells; none without it.
	Leftovers []model.Leftover `json:"leftovers,omitempty"`
}

func (t *tool) status() int {
	if !t.config() {
		return exitNo
	}
	v := t.view()
	node := ""
	if s, err := t.fetch(); err == nil {
		v.Leftovers, node = s.Leftovers, s.Node
	}
	if t.output == "json" {
		t.json(v)
	} else if v.Actor != nil {
		t.printStatus(*v.Actor)
	} else {
		t.printLive(v)
	}
	if t.output != "json" {
		t.printLeftovers(v.Leftovers, node)
	}
	if v.Actor == nil && len(v.Live.Readings) == 0 {
		return exitUnreachable
	}
	return exitOK
}

func (t *tool) askActor() (control.Status, error) {
	ctx, cancel := t.clk.WithTimeout(t.ctx, answerTime)
	defer cancel()
	return actorOf(t.cfg).Status(ctx)
}

func (t *tool) view() view {
	s, err := t.askActor()
	if err == nil {
		return view{Actor: &s}
	}
	v := view{ActorError: err.Error()}
	l := t.live(model.SourceCluster, model.SourceNodes, model.SourceGroups, model.SourceManager)
	v.Live = &l
	b, err := t.readJournal()
	if err != nil {
		v.Notes = append(v.Notes, err.Error())
	}
	recs, damage, err := journal.Parse(b)
	if n := len(recs); n > 0 {
		v.Last = &recs[n-1]
	}
	if err != nil || damage.Reason != "" {
		v.Notes = append(v.Notes, "journal: "+damage.Reason)
	}
	v.Episode, err = t.episode()
	if err != nil {
		v.Notes = append(v.Notes, err.Error())
	}
	v.Commands = t.byHand(l)
	return v
}

// episode is the last one of the log.
func (t *tool) episode() (*model.Episode, error) {
	f, err := durable.OpenDir(t.cfg.StateDir)
	if err != nil {
		return nil, err
	}
	b, err := f.ReadFile(episode.LogName)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	events, damaged := episode.Parse(b)
	if damaged > 0 {
		err = fmt.Errorf("%s: %d lines are torn or not understood", episode.LogName, damaged)
	} else {
		err = nil
	}
	all := episode.Fold(events, t.clk.Now().Wall, t.cfg.Migration.CheckExpires.D())
	if len(all) == 0 {
		return nil, err
	}
	return &all[len(all)-1], err
}

// byHand is what a person may type now, in place of the actor.
func (t *tool) byHand(l live) []string {
	if l.nodeState() != model.NodeUnmanaged {
		return nil
	}
	act, err := cluster(t.cfg, t.clk).StartManage("by-hand", l.Node, false)
	if err != nil {
		return nil
	}
	return []string{shell(act.Argv)}
}

func (t *tool) printStatus(s control.Status) {
	now := s.At.Wall
	mode := s.Mode
	if s.DryRun {
		mode += " (dry run: nothing is done)"
	}
	t.row("node", "%s of cluster %s, mode %s", s.Node, s.Cluster, mode)
	t.row("state", "%s since %s (%s)", s.State, clockTime(s.Since), ago(now, s.Since))
	t.row("decision", "%s: %s", s.Decision, s.Reason)
	t.row("next", "%s", s.Next)
	if !s.Deadline.IsZero() {
		t.row("deadline", "%s (%s)", clockTime(s.Deadline), ago(now, s.Deadline))
	}
	t.row("held", "%s", s.Held)
	if s.Episode.ID != "" {
		t.printEpisode(s.Episode, now)
	}
	if s.Record != nil {
		t.row("record", "owned %s at %s", owners(s.Record), clockTime(s.Record.At))
	}
	for _, e := range s.Evidence {
		fmt.Fprintf(t.stdout, "  %s %s\n", t.mark(e.OK), wrap(fmt.Sprintf("%s: %s (%s, %s old) %s", e.Name, e.Value, e.Source, e.Age.Round(100*time.Millisecond), e.Reason), 5)[5:])
	}
	for _, r := range s.Running {
		t.row("running", "%s (pid %d)", shell(r.Argv), r.PID)
	}
	t.printLost(s.Lost, now)
	if s.DecisionID != "" {
		t.row("pending", "approval %s", s.DecisionID)
	}
	for _, p := range s.Pages {
		t.row("paged", "%s", p)
	}
	t.commands("by hand", s.Commands)
	for _, h := range s.History {
		t.row("closed", "%s %s: %s", h.Closed.UTC().Format("2006-01-02 15:04:05Z"), h.Result, h.Reason)
	}
}

func (t *tool) printEpisode(e model.Episode, now time.Time) {
	text := fmt.Sprintf("%s, %s since %s", e.ID, e.Phase, clockTime(e.PhaseStart))
	if e.Provisional {
		text += ", only checked so far"
	}
	if !e.End.IsZero() {
		text += fmt.Sprintf(", %s %s", e.Result, ago(now, e.End))
	}
	t.row("episode", "%s", text)
}

func (t *tool) printLost(lost []control.LostNode, now time.Time) {
	for _, l := range lost {
		t.row("lost", "%s with %v, silent %s", l.Node, l.Groups, ago(now, l.Since))
		if !l.Earliest.IsZero() {
			t.row("", "failover possible from %s: %s", clockTime(l.Earliest), l.Why)
		} else {
			t.row("", "%s", l.Why)
		}
	}
}

func (t *tool) printLive(v view) {
	now := t.clk.Now().Wall
	t.row("actor", "%s", v.ActorError)
	l := v.Live
	t.row("node", "%s is %s", orUnknown(l.Node), l.nodeState())
	if c := l.Readings[model.SourceCluster].Cluster; c != nil {
		t.row("cluster", "%s is %s, PowerHA %s, LPM_POLICY %s", c.Name, c.State, c.Version, c.LPMPolicy)
	}
	if m := l.Readings[model.SourceManager].Manager; m != nil {
		t.row("manager", "%s, %d events queued", m.State, m.QueuedEvents)
	}
	for _, g := range l.Readings[model.SourceGroups].Groups {
		t.row("group", "%s on %s: %s", g.Group, g.Node, g.State)
	}
	if v.Episode != nil {
		t.printEpisode(*v.Episode, now)
	}
	if v.Last != nil {
		t.row("journal", "last record %d of %s (%s): %s", v.Last.Seq, clockTime(v.Last.Time), ago(now, v.Last.Time), v.Last.Kind)
	}
	for _, n := range append(v.Notes, l.Errors...) {
		t.row("unknown", "%s", n)
	}
	t.commands("to resume management, once the applications are healthy, type", v.Commands)
}

func orUnknown(s string) string {
	if s == "" {
		return "this node"
	}
	return s
}
