package sim

import (
	"slices"
	"strings"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/powerha"
)

// The logs of events are what PowerHA's are, in every form: the product's reader finds the same events in them, and
// every event that starts has an end.
func TestEventLogs(t *testing.T) {
	for _, format := range []string{"plain", "sequence", "hacmp"} {
		s := newShell(t, Config{Version: "7.1.3", Knobs: map[string]string{"clusterlog_format": format, "dms_fires_on_wake": "no"}})
		s.migrate(MigrationRequested{Node: "n1", Freeze: time.Minute})
		s.run(5 * time.Minute)
		var names [2][]string
		for i, file := range []string{"adm/cluster.log", "log/hacmp.out"} {
			text := s.files["n2:var/hacmp/"+file]
			events, unparsed := powerha.ParseEventLog([]byte(text), file)
			if unparsed > 0 || len(events) != strings.Count(text, "EVENT ") {
				t.Errorf("%s, %s: %d events, %d not understood", format, file, len(events), unparsed)
			}
			open := 0
			for _, e := range events {
				names[i] = append(names[i], string(e.Step)+" "+e.Name)
				if e.Step == model.ClusterEventStart {
					open++
				} else if !strings.HasSuffix(e.Name, "_complete") {
					open--
				}
			}
			if open != 0 {
				t.Errorf("%s, %s: %d events have no end: %v", format, file, open, names[i])
			}
		}
		if !slices.Equal(names[0], names[1]) || !slices.Contains(names[0], "start node_down") || !slices.Contains(names[0], "start rg_move_acquire") {
			t.Errorf("%s: %v, %v", format, names[0], names[1])
		}
	}
}
