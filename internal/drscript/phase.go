package drscript

import (
	"context"
	"errors"
	"strings"
	"time"

	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/control"
	"powerha_lpm_exporter/internal/episode"
	"powerha_lpm_exporter/internal/model"
)

// phase does one phase of a migration. It ends within the limit.
func (s *Script) phase(ctx context.Context, kind model.EventKind) outcome {
	limit, began := s.limit(), s.Clock.Now()
	deadline := began.Add(limit)
	ctx, cancel := s.Clock.WithTimeout(ctx, limit)
	defer cancel()

	var o outcome
	if s.Complaint != "" {
		o.add(warning, "configuration not used, defaults apply: %s", s.Complaint)
	}
	id := s.episodeID(kind)
	details := s.details(kind)
	if err := s.write(kind, id, details); err != nil {
		o.add(failure, "the episode log could not be written, the exporter will not see this %s: %v", kind, err)
	}
	call := call{Script: s, kind: kind, id: id, began: began, deadline: deadline}
	switch kind {
	case model.EventCheck:
		call.check(ctx, &o)
	case model.EventPre:
		call.prepare(ctx, &o)
	default:
		call.wake(ctx, &o)
	}
	return o
}

// details are what is written down beside a phase when it begins.
func (s *Script) details(kind model.EventKind) map[string]string {
	switch {
	case kind == model.EventPre:
		return map[string]string{episode.DetailStage: episode.StageBegin}
	case kind == model.EventPost && s.linux:
		return map[string]string{episode.DetailResult: string(model.ResultUnknown)}
	}
	return nil
}

// call is one call of the actor.
type call struct {
	*Script
	kind     model.EventKind
	id       string
	began    model.Instant
	deadline model.Instant

	launched *control.Launched
	final    *control.DRReply
}

func (c *call) ask(ctx context.Context) error {
	r := control.DRRequest{Phase: c.kind, Episode: c.id, Limit: c.deadline.Sub(c.Clock.Now())}
	return c.Actor.DR(ctx, r, func(reply control.DRReply) {
		if reply.Launched != nil {
			c.launched = reply.Launched
		}
		if reply.Done {
			c.final = &reply
		}
	})
}

// wake tells the actor that something happened and does not wait for what it does about it.
func (c *call) wake(ctx context.Context, o *outcome) {
	ctx, cancel := c.Clock.WithTimeout(ctx, wake)
	defer cancel()
	if err := c.ask(ctx); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		o.add(warning, "the actor was not told of %s and has to find out by itself: %v", c.kind, err)
	}
}

// check may refuse where policy says so: before anything has moved.
func (c *call) check(ctx context.Context, o *outcome) {
	if err := c.ask(ctx); err != nil {
		o.add(warning, "no preflight, the migration is left to PowerHA alone: %v", err)
		return
	}
	c.conclude(o, c.Config.Migration.Preflight == "enforce")
}

// conclude translates the actor's word. Where a refusal is not allowed it is a warning.
func (c *call) conclude(o *outcome, mayRefuse bool) {
	text := c.final.Message
	if text == "" {
		text = string(c.final.Verdict) + " " + c.final.Reason
	}
	switch c.final.Verdict {
	case control.VerdictOK:
		o.add(info, "%s", text)
	case control.VerdictRefuse:
		if mayRefuse {
			o.refusal = text
			return
		}
		o.add(warning, "%s (not refused: policy does not say so)", text)
	default:
		o.add(warning, "%s", text)
	}
}

// prepare waits until the node is unmanaged. It may refuse where policy says
// so: when a command of ours that changes the cluster is not finished at the limit.
func (c *call) prepare(ctx context.Context, o *outcome) {
	err := c.ask(ctx)
	refuse := c.Config.Migration.OnUnfinishedPrepare == "refuse"
	switch {
	case err == nil:
		c.conclude(o, refuse)
	case c.launched == nil && !c.begun(o, err):
		o.add(warning, "not prepared by us, the migration is left to PowerHA alone: %v", err)
	default:
		c.alone(ctx, o, err, refuse)
	}
	verdict := control.VerdictOK
	switch {
	case o.refusal != "":
		verdict = control.VerdictRefuse
	case c.final == nil || c.final.Verdict != control.VerdictOK:
		verdict = control.VerdictWarn
	}
	details := map[string]string{episode.DetailStage: episode.StageEnd, "verdict": string(verdict)}
	if c.final != nil && c.final.Reason != "" {
		details["reason"] = c.final.Reason
	}
	if err := c.write(model.EventPre, c.id, details); err != nil {
		o.add(failure, "the episode log could not be written: %v", err)
	}
}

// begun looks whether the actor, lost in the midst of its answer, had begun a command all the same: PowerHA's script
// must not come beside it.
func (c *call) begun(o *outcome, lost error) bool {
	if !errors.Is(lost, control.ErrLost) {
		return false
	}
	// A second of leeway: some file systems keep no more.
	left, err := c.Outstanding(c.began.Wall.Add(-time.Second))
	if err != nil {
		o.add(warning, "whether the actor had begun a command cannot be told: %v", err)
	}
	if len(left) == 0 {
		return false
	}
	c.launched = &left[0]
	return true
}

// alone waits, without the actor, for the command that it had started and for the node to come to rest.
func (c *call) alone(ctx context.Context, o *outcome, lost error, refuse bool) {
	what := strings.Join(c.launched.Argv, " ")
	if what == "" {
		what = c.launched.ID
	}
	if ctx.Err() == nil {
		o.add(warning, "waiting without the actor for `%s` (pid %d): %v", what, c.launched.PID, lost)
	}
	state := model.NodeUnknown
	for ctx.Err() == nil {
		if !c.Running(*c.launched) {
			now, err := c.NodeState(ctx)
			if state = now; err == nil && atRest(now) {
				o.add(warning, "`%s` has ended, the node is %s", what, state)
				return
			}
		}
		_ = clock.Sleep(ctx, c.Clock, look) // the loop sees why it ended
	}
	text := "`" + what + "` is not finished after " + c.limit().Round(time.Second).String() + ", the node is " + string(state)
	if refuse {
		o.refusal = text + "; a freeze in the midst of it is worse than to try again later"
		return
	}
	o.add(warning, "%s; going on as migration.on_unfinished_prepare says", text)
}

// atRest: no stop or start is going on.
func atRest(s model.NodeState) bool {
	switch s {
	case model.NodeNormal, model.NodeUnmanaged, model.NodeOffline:
		return true
	case model.NodeJoining, model.NodeLeaving, model.NodeUnstable, model.NodeError, model.NodeUnknown:
		return false
	}
	return false
}
