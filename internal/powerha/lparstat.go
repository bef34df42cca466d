package powerha

import (
	"strings"

	"powerha_lpm_exporter/internal/model"
)

// parsePartition reads `lparstat -i` of AIX: a label, a colon and a value a line. Labels differ between levels; those that
// are not needed are passed over. A value that has no meaning is "-".
func parsePartition(in *input) (*model.Partition, error) {
	var p model.Partition
	numbered := false
	for l := range in.lines() {
		text := strings.TrimSpace(l.text)
		if text == "" {
			continue
		}
		label, value, ok := strings.Cut(text, ":")
		if !ok {
			in.reject(l, "expected label : value")
			continue
		}
		value = clip(value)
		switch strings.TrimSpace(label) {
		case "Partition Name":
			p.Name = value
		case "Partition Number":
			if p.Number, numbered = number(value); !numbered && value != "-" {
				in.reject(l, "expected a number")
			}
		case "Type":
			p.Type = value
		case "Mode":
			p.Mode = value
		}
	}
	if !numbered {
		return nil, in.notUnderstood("Partition Number")
	}
	return &p, nil
}
