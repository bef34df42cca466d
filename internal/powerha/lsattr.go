package powerha

import (
	"strings"

	"powerha_lpm_exporter/internal/model"
)

// parseServer reads `lsattr -El sys0 -a systemid -a modelname` of AIX: an
// attribute, its value, a description and whether users may set it. The values
// begin with the manufacturer ("IBM,017268B60", "IBM,9009-42A").
func parseServer(in *input) (*model.Server, error) {
	var s model.Server
	for l := range in.lines() {
		f := strings.Fields(l.text)
		switch {
		case len(f) == 0:
		case len(f) >= 2 && f[0] == "systemid":
			s.Serial = withoutMaker(f[1])
		case len(f) >= 2 && f[0] == "modelname":
			s.TypeModel = withoutMaker(f[1])
		default:
			in.reject(l, "expected systemid or modelname, and its value")
		}
	}
	if s.Serial == "" {
		return nil, in.notUnderstood("systemid")
	}
	return &s, nil
}

func withoutMaker(s string) string {
	if _, rest, ok := strings.Cut(s, ","); ok {
		s = rest
	}
	return clip(s)
}
