// Package journal is the actor's memory: append-only JSON lines, each chained
// to the one before by SHA-256, on disk before the act that it tells of.
package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/durable"
)

// The files, relative to <state_dir>/actor.
const (
	Name     = "journal.jsonl"
	OldName  = "journal.1.jsonl" // the part before the last rotation
	roomName = "journal.room"    // bytes kept for one whole episode
)

// Version is the version of records that this program writes.
const Version = 1

// KindRotated is the kind of the first record after a rotation.
const KindRotated = "rotated"

// Errors that a caller tells apart with errors.Is.
var (
	// ErrBroken: a record in the midst of the file was altered or lost. The journal can be read up to it, not written.
	ErrBroken = errors.New("journal is damaged")
	// ErrNewer: a newer program wrote the journal. It can be read, not written.
	ErrNewer = errors.New("journal was written by a newer version")
)

// Record is one line.
type Record struct {
	Version int             `json:"version"`
	Seq     uint64          `json:"seq"` // from 1, without gaps
	Time    time.Time       `json:"time"`
	Mono    time.Duration   `json:"mono"`
	Kind    string          `json:"kind"`
	Episode string          `json:"episode,omitempty"`
	Data    json.RawMessage `json:"data,omitempty"`
	Prev    string          `json:"prev"` // Hash of the record before; zeros in the very first
	Hash    string          `json:"hash"` // SHA-256 of this line without its hash member; must stay the last member
}

// Damage tells what was wrong with a file that was read.
type Damage struct {
	TornBytes int    `json:"torn_bytes,omitempty"` // length of a last record that was not written to its end; dropped
	Broken    uint64 `json:"broken,omitempty"`     // number (from 1, in this file) of the first record that cannot be trusted
	Reason    string `json:"reason,omitempty"`
}

// Journal appends records. It is not safe for concurrent use.
type Journal struct {
	fs       durable.FS
	clk      clock.Clock
	reserve  int64
	readOnly error // why nothing can be written
	seq      uint64
	prev     string
	size     int64
}

// Open reads the journal and makes it ready for writing. fs is rooted at
// <state_dir>/actor; reserve is how many bytes are kept free for one whole
// episode. A torn last record is cut off and reported.
//
// With an error that matches ErrBroken or ErrNewer the records that can be
// trusted are returned too, and a journal that refuses every Append; with any
// other error the journal is nil.
func Open(f durable.FS, clk clock.Clock, reserve int64) (*Journal, []Record, Damage, error) {
	b, err := f.ReadFile(Name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, nil, Damage{}, fmt.Errorf("read journal %s: %w", Name, err)
	}
	recs, length, damage, err := parse(b)
	j := &Journal{fs: f, clk: clk, reserve: reserve, prev: zeros, size: int64(length)}
	if n := len(recs); n > 0 {
		j.seq, j.prev = recs[n-1].Seq, recs[n-1].Hash
	}
	if err != nil {
		j.readOnly = fmt.Errorf("%s: %w", Name, err)
		return j, recs, damage, j.readOnly
	}
	if good := whole(b[:length]); len(good) != len(b) {
		if err := f.Replace(Name, good, 0o600); err != nil {
			return nil, recs, damage, fmt.Errorf("cut the torn last record off %s: %w", Name, err)
		}
		j.size = int64(len(good))
	}
	if err := j.EnsureRoom(); err != nil {
		damage.Reason = joinReason(damage.Reason, err.Error())
	}
	return j, recs, damage, nil
}

// whole gives a last record whose newline was lost that newline back.
func whole(b []byte) []byte {
	if n := len(b); n > 0 && b[n-1] != '\n' {
		return append(b[:n:n], '\n')
	}
	return b
}

func joinReason(a, b string) string {
	if a == "" {
		return b
	}
	return a + "; " + b
}

// Append writes one record and returns when it is on disk. data is marshalled
// as JSON; nil leaves it out. When the file system is full the room that was
// kept back is used. After an error nothing was written, and the act that the
// record is about must not be done.
func (j *Journal) Append(kind, episode string, data any) (Record, error) {
	if j.readOnly != nil {
		return Record{}, fmt.Errorf("write journal record %q: %w; move the file away to start afresh, after `lpmctl journal verify`", kind, j.readOnly)
	}
	var raw json.RawMessage
	if data != nil {
		b, err := json.Marshal(data)
		if err != nil {
			return Record{}, fmt.Errorf("write journal record %q: %w", kind, err)
		}
		raw = b
	}
	r, line, err := j.next(j.seq, j.prev, kind, episode, raw)
	if err != nil {
		return Record{}, fmt.Errorf("write journal record %q: %w", kind, err)
	}
	if err := j.fs.Append(Name, line, 0o600, 0); err != nil {
		return Record{}, fmt.Errorf("write journal record %q to %s: %w; free space on the file system of state_dir", kind, Name, err)
	}
	j.seq, j.prev, j.size = r.Seq, r.Hash, j.size+int64(len(line))
	return r, nil
}

func (j *Journal) next(seq uint64, prev, kind, episode string, raw json.RawMessage) (Record, []byte, error) {
	now := j.clk.Now()
	r := Record{
		Version: Version, Seq: seq + 1, Time: now.Wall.UTC().Round(0), Mono: now.Mono,
		Kind: kind, Episode: episode, Data: raw, Prev: prev,
	}
	line, err := seal(&r)
	return r, line, err
}

// EnsureRoom makes sure that one whole episode can still be written, and fills
// up what earlier records took of the room. It is called before an episode
// begins: with an error none should.
func (j *Journal) EnsureRoom() error {
	if j.readOnly != nil {
		return j.readOnly
	}
	if j.reserve <= 0 {
		return nil
	}
	if err := j.fs.Reserve(roomName, j.reserve); err != nil {
		return fmt.Errorf("keep %d bytes for one episode's journal: %w; free space on the file system of state_dir", j.reserve, err)
	}
	return nil
}

// Size is the length of the file in bytes.
func (j *Journal) Size() int64 { return j.size }

// Seq is the number of the last record; 0 before the first.
func (j *Journal) Seq() uint64 { return j.seq }
