package journal

import (
	"encoding/json"
	"fmt"
)

// Carried is a record that is written again after a rotation, because later
// ones build on it.
type Carried struct {
	Kind    string
	Episode string
	Data    json.RawMessage
}

// rotated is the data of the first record of a new file.
type rotated struct {
	From    string `json:"from"`
	LastSeq uint64 `json:"last_seq"`
}

// Rotate begins a new file, between episodes. The old one is kept as OldName,
// in place of the one before it; the chain and the numbers go on, and carry is
// written at the new file's beginning. Killed at any moment it leaves either
// the old journal or the new one.
func (j *Journal) Rotate(carry []Carried) ([]Record, error) {
	if j.readOnly != nil {
		return nil, fmt.Errorf("rotate journal: %w", j.readOnly)
	}
	mark, err := json.Marshal(rotated{From: OldName, LastSeq: j.seq})
	if err != nil {
		return nil, fmt.Errorf("rotate journal: %w", err)
	}
	carry = append([]Carried{{Kind: KindRotated, Data: mark}}, carry...)
	var recs []Record
	var file []byte
	seq, prev := j.seq, j.prev
	for _, c := range carry {
		r, line, err := j.next(seq, prev, c.Kind, c.Episode, c.Data)
		if err != nil {
			return nil, fmt.Errorf("rotate journal: carry %q: %w", c.Kind, err)
		}
		seq, prev = r.Seq, r.Hash
		recs, file = append(recs, r), append(file, line...)
	}
	old, err := j.fs.ReadFile(Name)
	if err != nil {
		return nil, fmt.Errorf("rotate journal: %w", err)
	}
	if err := j.fs.Replace(OldName, old, 0o600); err != nil {
		return nil, fmt.Errorf("rotate journal: keep the old part as %s: %w", OldName, err)
	}
	if err := j.fs.Replace(Name, file, 0o600); err != nil {
		return nil, fmt.Errorf("rotate journal: begin a new %s: %w", Name, err)
	}
	j.seq, j.prev, j.size = seq, prev, int64(len(file))
	return recs, nil
}
