package actor

import (
	"encoding/json"
	"fmt"

	"powerha_lpm_exporter/internal/journal"
	"powerha_lpm_exporter/internal/model"
)

// Fold returns what the records say, oldest first.
func Fold(records []journal.Record) (State, error) {
	var s State
	for _, r := range records {
		if r.Kind == KindState {
			carried := State{Boot: s.Boot}
			if err := json.Unmarshal(r.Data, &carried); err != nil {
				return s, fmt.Errorf("journal record %d of kind %s: %w", r.Seq, r.Kind, err)
			}
			s = carried
			continue
		}
		data, err := decode(r.Kind, r.Data)
		if err != nil {
			return s, fmt.Errorf("record %d: %w", r.Seq, err)
		}
		s.fold(model.Instant{Wall: r.Time, Mono: r.Mono}, r.Kind, r.Episode, data)
	}
	return s, nil
}
