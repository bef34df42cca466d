package powerha

import (
	"strings"

	"powerha_lpm_exporter/internal/model"
)

// parseProcesses reads `ps -e -o pid,args`: a heading, then a pid and the
// arguments, which may be empty and are kept up to a length.
func parseProcesses(b []byte) ([]model.Process, int, error) {
	var out []model.Process
	unparsed := 0
	for line := range lines(b) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "PID") {
			continue
		}
		first, args, _ := strings.Cut(line, " ")
		pid, ok := number(first)
		if !ok {
			unparsed++
			continue
		}
		out = append(out, model.Process{PID: pid, Args: clip(args)})
	}
	if len(out) == 0 {
		return nil, unparsed, notUnderstood(b, "process")
	}
	return out, unparsed, nil
}
