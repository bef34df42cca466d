package powerha

import (
	"strings"

	"powerha_lpm_exporter/internal/model"
)

// parseScripts reads `drmgr -l` of AIX: a heading with the root folder and the
// syslog id, then a line for each script with its path and the text of its
// DR_SCRIPTINFO. The order is that in which drmgr runs them.
func parseScripts(b []byte) ([]model.DRScriptInfo, int, error) {
	scripts := []model.DRScriptInfo{}
	heading, unparsed := false, 0
	for line := range lines(b) {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || isRule(line):
		case strings.HasPrefix(line, "DR Install Root Directory:"), strings.HasPrefix(line, "Syslog ID:"):
			heading = true
		case line[0] == '/':
			path, info, _ := strings.Cut(strings.ReplaceAll(line, "\t", " "), " ")
			scripts = append(scripts, model.DRScriptInfo{Path: clip(path), Info: clip(info)})
		default:
			unparsed++
		}
	}
	if !heading && len(scripts) == 0 {
		return nil, unparsed, notUnderstood(b, "list of DR scripts")
	}
	return scripts, unparsed, nil
}
