// Package sigreconfig hears of dynamic reconfiguration, a Live Partition
// Mobility among it, by the signal SIGRECONFIG of AIX and dr_reconfig(2): no
// command is run and no privilege is known to be needed for it.
//
// The signal comes up to three times in a migration, for check, pre and post,
// and the system does not promise that each comes before the next step (AIX
// documentation, dr_reconfig). So it is a hint and a time stamp; the DR script
// and the error log are the record.
package sigreconfig

import (
	"encoding/binary"
	"fmt"

	"powerha_lpm_exporter/internal/model"
)

// The bits of the first word of dr_info_t, the most significant first (<sys/dr.h> of AIX 5.3; the compilers of AIX on
// PowerPC lay bit fields out from there).
const (
	bitCheck     = 0x08000000
	bitPre       = 0x04000000
	bitDoit      = 0x02000000
	bitPost      = 0x01000000
	bitPostError = 0x00800000
	bitForce     = 0x00400000
	bitMigrate   = 0x00000400
	bitHibernate = 0x00000200

	// known are all bits that header names: add, rem, cpu, mem, bindproc, ent_cap, var_wgt and partition besides.
	known = 0xf0000000 | bitCheck | bitPre | bitDoit | bitPost | bitPostError | bitForce | 0x00200000 | 0x00010000 | 0x00008000 |
		bitMigrate | bitHibernate | 0x00000100
)

// Info is what dr_reconfig tells of the present event.
type Info struct {
	Word                        uint32 // as it stands, for the log
	Check, Pre, Post, PostError bool   // the phase; after a freeze two of them may be set
	Migrate, Hibernate, Force   bool
	// Unknown are bits that are not known: newer levels of AIX may use them.
	Unknown uint32
}

// Decode reads the answer to DR_QUERY: of a buffer that may be larger than the structure it looks at the first word
// alone. AIX is big-endian.
func Decode(b []byte) (Info, error) {
	if len(b) < 4 {
		return Info{}, fmt.Errorf("dr_reconfig: %d bytes, at least 4 are needed for the first word of dr_info_t", len(b))
	}
	w := binary.BigEndian.Uint32(b)
	has := func(bit uint32) bool { return w&bit != 0 }
	return Info{
		Word: w, Check: has(bitCheck), Pre: has(bitPre), Post: has(bitPost), PostError: has(bitPostError),
		Migrate: has(bitMigrate), Hibernate: has(bitHibernate), Force: has(bitForce), Unknown: w &^ known,
	}, nil
}

// Events lists what the signal tells of a migration, in the order of the phases; of any other reconfiguration nothing.
func (i Info) Events() []model.EventKind {
	if !i.Migrate {
		return nil
	}
	var out []model.EventKind
	if i.Check {
		out = append(out, model.EventCheck)
	}
	if i.Pre {
		out = append(out, model.EventPre)
	}
	switch {
	case i.PostError:
		out = append(out, model.EventUndoPre)
	case i.Post:
		out = append(out, model.EventPost)
	}
	return out
}

// Mode is what is done with the signal: migration.sigreconfig.
type Mode string

// The modes.
const (
	Acknowledge Mode = "acknowledge" // hear it, and tell the system at once that nothing has to be waited for
	Observe     Mode = "observe"     // hear it, and leave the system to its time-out
	Ignore      Mode = "ignore"      // this process is none of those that get it
)

// Modes lists them.
func Modes() []Mode { return []Mode{Acknowledge, Observe, Ignore} }

// Event is one signal.
type Event struct {
	At   model.Instant
	Info Info
	Err  string // why dr_reconfig told nothing; something was reconfigured all the same
}
