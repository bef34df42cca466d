package journal

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
)

// zeros is the hash before the very first record.
const zeros = "0000000000000000000000000000000000000000000000000000000000000000"

// hashMember is how every line ends, before the 64 digits, the quote and the brace.
const hashMember = `,"hash":"`

const hashTail = len(hashMember) + 2*sha256.Size + len(`"}`)

// seal returns the line of r, hashed, with its newline. The hash covers the line without its hash member, so that
// anybody can check it with sed and sha256sum.
func seal(r *Record) ([]byte, error) {
	r.Hash = ""
	b, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	open, ok := bytes.CutSuffix(b, []byte(hashMember+`"}`))
	if !ok {
		return nil, fmt.Errorf("record does not end in its hash: %q", b)
	}
	r.Hash = sum(open)
	return fmt.Appendf(nil, "%s%s%s\"}\n", open, hashMember, r.Hash), nil
}

func sum(open []byte) string {
	h := sha256.New()
	h.Write(open)
	h.Write([]byte{'}'})
	return hex.EncodeToString(h.Sum(nil))
}

// unseal reads one line without its newline and checks its own hash.
func unseal(line []byte) (Record, error) {
	var r Record
	if err := json.Unmarshal(line, &r); err != nil {
		return r, fmt.Errorf("no JSON object: %w", err)
	}
	if len(line) < hashTail {
		return r, errAltered
	}
	open, tail := line[:len(line)-hashTail], line[len(line)-hashTail:]
	if r.Hash != sum(open) || string(tail) != hashMember+r.Hash+`"}` {
		return r, errAltered
	}
	return r, nil
}

var errAltered = fmt.Errorf("%w: its hash does not fit its text", ErrBroken)

// Parse reads a whole journal. It returns every record up to the first one
// that cannot be trusted. A last record that was not written to its end is
// left out and told in Damage, without an error. The error matches ErrBroken
// or ErrNewer.
func Parse(b []byte) ([]Record, Damage, error) {
	recs, _, damage, err := parse(b)
	return recs, damage, err
}

// Verify checks a whole journal and returns how many records from the start are good. A torn last record is no error.
func Verify(b []byte) (good int, err error) {
	recs, _, _, err := parse(b)
	return len(recs), err
}

// parse also returns the length of what holds the records.
func parse(b []byte) (recs []Record, length int, damage Damage, err error) {
	for rest := b; len(rest) > 0; {
		line, after, whole := bytes.Cut(rest, []byte{'\n'})
		r, err := unseal(line)
		if err == nil {
			err = follows(recs, r)
		}
		last := len(after) == 0
		switch {
		case err == nil:
			recs = append(recs, r)
			length = len(b) - len(after)
			rest = after
			continue
		case last && (!whole || r.Hash == ""):
			// The program or the machine died in the midst of this write.
			damage.TornBytes = len(rest)
			damage.Reason = fmt.Sprintf("record %d was not written to its end; it is dropped", len(recs)+1)
			return recs, length, damage, nil
		}
		damage.Broken = uint64(len(recs) + 1)
		damage.Reason = fmt.Sprintf("record %d: %v", damage.Broken, err)
		return recs, length, damage, fmt.Errorf("record %d: %w", damage.Broken, err)
	}
	return recs, length, damage, nil
}

// follows checks that r is the next record of the chain.
func follows(recs []Record, r Record) error {
	if r.Version > Version {
		return fmt.Errorf("%w: record version %d, this program knows %d; use the newer program", ErrNewer, r.Version, Version)
	}
	if len(recs) == 0 {
		if r.Seq == 1 && r.Prev != zeros {
			return fmt.Errorf("%w: the first record names one before it", ErrBroken)
		}
		return nil
	}
	before := recs[len(recs)-1]
	if r.Seq != before.Seq+1 {
		return fmt.Errorf("%w: number %d follows number %d", ErrBroken, r.Seq, before.Seq)
	}
	if r.Prev != before.Hash {
		return fmt.Errorf("%w: it does not name the record before it", ErrBroken)
	}
	return nil
}
