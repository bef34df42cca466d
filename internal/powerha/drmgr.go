package powerha

import (
	"strings"

	"powerha_lpm_exporter/internal/model"
)

// parseScripts reads `drmgr -l` of AIX: a heading with the root folder and the
// syslog id, then a line for each script with its path and the text of its
// DR_SCRIPTINFO. The order is that in which drmgr runs them.
func parseScripts(in *input) ([]model.DRScriptInfo, error) {
	scripts := []model.DRScriptInfo{}
	heading := false
	for l := range in.lines() {
		text := strings.TrimSpace(l.text)
		switch {
		case text == "" || isRule(text):
		case strings.HasPrefix(text, "DR Install Root Directory:"), strings.HasPrefix(text, "Syslog ID:"):
			heading = true
		case text[0] == '/':
			path, info, _ := strings.Cut(strings.ReplaceAll(text, "\t", " "), " ")
			scripts = append(scripts, model.DRScriptInfo{Path: clip(path), Info: clip(info)})
		default:
			in.reject(l, "expected the path of a script, and its description")
		}
	}
	if !heading && len(scripts) == 0 {
		return nil, in.notUnderstood("list of DR scripts")
	}
	return scripts, nil
}
