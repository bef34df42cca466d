package drscript

import (
	"context"
	"fmt"
	"io"

	"powerha_lpm_exporter/internal/model"
)

// RunLinux answers one call of drmgr of Linux on Power. phase is PHASE of the
// environment. What it writes reaches the HMC's user; only a check can refuse,
// since drmgr ignores the status of the others.
//
// drmgr runs pre again for as long as the firmware cannot suspend the
// partition, and post once, whether or not the migration succeeded, with
// nothing that tells which (powerpc-utils 1.3.13, drmgr-hooks(8)).
func (s *Script) RunLinux(ctx context.Context, phase string, out io.Writer) int {
	kind, ok := map[string]model.EventKind{
		"check":     model.EventCheck,
		"undocheck": model.EventUndoCheck,
		"pre":       model.EventPre,
		"post":      model.EventPost,
	}[phase]
	if !ok {
		_, _ = fmt.Fprintf(out, "powerha_lpm: unknown phase %q\n", oneLine(phase))
		return exitOK
	}
	s.linux = true
	o := s.phase(ctx, kind)
	for _, n := range o.notes {
		if n.severity != info {
			_, _ = fmt.Fprintf(out, "powerha_lpm: %s\n", oneLine(n.text))
		}
	}
	if o.refusal != "" {
		_, _ = fmt.Fprintf(out, "powerha_lpm: %s\n", oneLine(o.refusal))
		if kind == model.EventCheck {
			return 1
		}
	}
	return exitOK
}
