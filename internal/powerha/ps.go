package powerha

import (
	"path"
	"strings"

	"powerha_lpm_exporter/internal/model"
)

// parseProcesses reads `ps -e -o pid,args`: a heading, then a pid and the
// arguments, which may be empty and are kept up to a length.
func parseProcesses(in *input) ([]model.Process, error) {
	var out []model.Process
	for l := range in.lines() {
		text := strings.TrimSpace(l.text)
		if text == "" || strings.HasPrefix(text, "PID") {
			continue
		}
		first, args, _ := strings.Cut(text, " ")
		pid, ok := number(first)
		if !ok {
			in.reject(l, "expected a pid and arguments")
			continue
		}
		out = append(out, model.Process{PID: pid, Args: clip(args)})
	}
	if len(out) == 0 {
		return nil, in.notUnderstood("process")
	}
	return out, nil
}

// parseOwners reads `ps -e -o pid,user,comm`: a heading, then a pid, its user and the name of the program, which may have
// its path.
func parseOwners(in *input) ([]model.Process, error) {
	var out []model.Process
	for l := range in.lines() {
		f := strings.Fields(l.text)
		if len(f) == 0 || f[0] == "PID" {
			continue
		}
		pid, ok := number(f[0])
		if !ok || len(f) < 3 {
			in.reject(l, "expected a pid, a user and a program")
			continue
		}
		out = append(out, model.Process{PID: pid, User: clip(f[1]), Name: clip(path.Base(strings.Join(f[2:], " ")))})
	}
	if len(out) == 0 {
		return nil, in.notUnderstood("process")
	}
	return out, nil
}
