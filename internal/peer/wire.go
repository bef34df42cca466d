package peer

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"time"

	"powerha_lpm_exporter/internal/model"
)

// The wire format, version 1; integers are big-endian.
//
//	magic "PLHB", version 1
//	cluster, from, to            strings: one byte of length, then the bytes
//	session, seq                 uint64
//	mono                         int64 ns, the sender's monotonic time
//	interval                     uint32 ms, of the sender's heartbeats now
//	flags                        bit 0 suspended, 1 echo, 2 silence; 3 the switch is known, 4 armed; 5 ifrestrict is
//	                             known, 6 it restricts. Bits that a version does not know are passed over.
//	phase                        index into model.Phases
//	episode                      string
//	echo: session, seq           uint64, of the last datagram in order from the receiver
//	      mono, at               int64 ns: its mono, and the sender's own at its receipt
//	silence: duration            int64 ns, interval uint32 ms
//	      before, seq            uint64, of the receiver's last datagram before it and of the one that ended it
//	probes                       one byte of count, then each:
//	      application, probe     strings
//	      flags                  bit 0 active, 1 success, 2 ran, 3 has a last success
//	      age, duration          uint32 ms since it last ran, of its run
//	      success age            uint32 ms since the unbroken run of successes began
//	      last success           int64 Unix ms
//	      succeeded, failed      uint64
//	HMAC-SHA-256 of all before
const (
	magic   = "PLHB\x01"
	maxSize = 1400 // fits one frame of any network
	macSize = sha256.Size

	flagSuspended, flagEcho, flagSilence                = 1, 2, 4
	flagSwitch, flagArmed, flagRestrict, flagRestricted = 8, 16, 32, 64
	probeActive, probeSuccess, probeRan, probeSucceeded = 1, 2, 4, 8
	probeFixed                                          = 2 + 1 + 4 + 4 + 4 + 8 + 8 + 8 // without the text of its strings
)

// heartbeat is one datagram.
type heartbeat struct {
	Cluster, From, To string
	Session, Seq      uint64
	Mono              time.Duration
	Interval          time.Duration
	Suspended         bool
	Switch, Restrict  *bool // nil: not known
	Phase             model.Phase
	Episode           string
	Echo              *echo
	Silence           *silence
	Probes            []probe
}

// echo returns what the receiver sent last.
type echo struct {
	Session, Seq uint64
	Mono, At     time.Duration
}

// silence is how long the sender heard nothing of the receiver, between two of its datagrams.
type silence struct {
	Duration, Interval time.Duration
	Before, Seq        uint64
}

// probe is a model.ProbeStatus with ages for instants, as clocks differ.
type probe struct {
	Application, Probe      string
	Active, Success, Ran    bool
	Age, Duration, Unbroken time.Duration
	LastSuccess             time.Time
	Succeeded, Failed       uint64

	at model.Instant // of receipt; not sent
}

// errMalformed is the error of decode for whatever is no heartbeat.
var errMalformed = errors.New("no heartbeat of version 1")

// errTooLong is the error of encode for a name that does not fit.
var errTooLong = errors.New("longer than 255 bytes")

// encode appends the datagram to buf. Probes that do not fit any more are left
// out, the last ones first; the number of them is returned.
func encode(buf []byte, h *heartbeat, key []byte) (out []byte, omitted int, err error) {
	for _, s := range [...]string{h.Cluster, h.From, h.To, h.Episode} {
		if len(s) > 255 {
			return nil, 0, fmt.Errorf("heartbeat with %q: %w", s[:32]+"…", errTooLong)
		}
	}
	start := len(buf)
	b := append(buf, magic...)
	b = appendString(b, h.Cluster)
	b = appendString(b, h.From)
	b = appendString(b, h.To)
	b = binary.BigEndian.AppendUint64(b, h.Session)
	b = binary.BigEndian.AppendUint64(b, h.Seq)
	b = appendNanos(b, h.Mono)
	b = appendMillis(b, h.Interval)
	var flags byte
	if h.Suspended {
		flags |= flagSuspended
	}
	if h.Echo != nil {
		flags |= flagEcho
	}
	if h.Silence != nil {
		flags |= flagSilence
	}
	flags |= optionalFlag(h.Switch, flagSwitch, flagArmed) | optionalFlag(h.Restrict, flagRestrict, flagRestricted)
	b = append(b, flags, phaseIndex(h.Phase))
	b = appendString(b, h.Episode)
	if e := h.Echo; e != nil {
		b = binary.BigEndian.AppendUint64(b, e.Session)
		b = binary.BigEndian.AppendUint64(b, e.Seq)
		b = appendNanos(b, e.Mono)
		b = appendNanos(b, e.At)
	}
	if s := h.Silence; s != nil {
		b = appendNanos(b, s.Duration)
		b = appendMillis(b, s.Interval)
		b = binary.BigEndian.AppendUint64(b, s.Before)
		b = binary.BigEndian.AppendUint64(b, s.Seq)
	}
	count := len(b)
	b = append(b, 0)
	for i := range h.Probes {
		p := &h.Probes[i]
		if len(p.Application) > 255 || len(p.Probe) > 255 || b[count] == 255 ||
			len(b)-start+probeFixed+len(p.Application)+len(p.Probe)+macSize > maxSize {
			omitted++
			continue
		}
		b = appendProbe(b, p)
		b[count]++
	}
	if len(b)-start+macSize > maxSize {
		return nil, 0, fmt.Errorf("heartbeat of %d bytes: names too long, at most %d fit", len(b)-start+macSize, maxSize)
	}
	mac := hmac.New(sha256.New, key)
	mac.Write(b[start:])
	return mac.Sum(b), omitted, nil
}

// optionalFlag makes one bit tell that something is known, and another what.
func optionalFlag(v *bool, known, set byte) byte {
	switch {
	case v == nil:
		return 0
	case *v:
		return known | set
	default:
		return known
	}
}

func flagOptional(flags, known, set byte) *bool {
	if flags&known == 0 {
		return nil
	}
	v := flags&set != 0
	return &v
}

func appendString(b []byte, s string) []byte { return append(append(b, byte(len(s))), s...) }

func appendNanos(b []byte, d time.Duration) []byte {
	return binary.BigEndian.AppendUint64(b, uint64(d))
}

// appendMillis caps at 49 days.
func appendMillis(b []byte, d time.Duration) []byte {
	return binary.BigEndian.AppendUint32(b, uint32(min(max(0, d.Milliseconds()), 1<<32-1)))
}

func appendProbe(b []byte, p *probe) []byte {
	b = appendString(b, p.Application)
	b = appendString(b, p.Probe)
	var flags byte
	for i, set := range [...]bool{p.Active, p.Success, p.Ran, !p.LastSuccess.IsZero()} {
		if set {
			flags |= 1 << i
		}
	}
	b = append(b, flags)
	b = appendMillis(b, p.Age)
	b = appendMillis(b, p.Duration)
	b = appendMillis(b, p.Unbroken)
	var last int64
	if !p.LastSuccess.IsZero() {
		last = p.LastSuccess.UnixMilli()
	}
	b = binary.BigEndian.AppendUint64(b, uint64(last))
	b = binary.BigEndian.AppendUint64(b, p.Succeeded)
	return binary.BigEndian.AppendUint64(b, p.Failed)
}

// phaseIndex maps a phase to its place in model.Phases; whatever is none to unknown.
func phaseIndex(p model.Phase) byte {
	phases := model.Phases()
	if i := slices.Index(phases, p); i >= 0 {
		return byte(i)
	}
	return byte(slices.Index(phases, model.PhaseUnknown))
}

// authentic reports whether the datagram was made with the key. Its length has been checked.
func authentic(b, key []byte) bool {
	mac := hmac.New(sha256.New, key)
	mac.Write(b[:len(b)-macSize])
	var sum [macSize]byte
	return hmac.Equal(mac.Sum(sum[:0]), b[len(b)-macSize:])
}

// decode reads the datagram without checking who made it.
func decode(b []byte) (*heartbeat, error) {
	if len(b) < len(magic)+macSize || len(b) > maxSize || string(b[:len(magic)]) != magic {
		return nil, errMalformed
	}
	r := reader{b: b[len(magic) : len(b)-macSize]}
	h := &heartbeat{Cluster: r.text(), From: r.text(), To: r.text(), Session: r.u64(), Seq: r.u64(), Mono: r.nanos(), Interval: r.millis()}
	flags, phase := r.u8(), int(r.u8())
	h.Suspended = flags&flagSuspended != 0
	h.Switch, h.Restrict = flagOptional(flags, flagSwitch, flagArmed), flagOptional(flags, flagRestrict, flagRestricted)
	h.Phase = model.PhaseUnknown
	if phases := model.Phases(); phase < len(phases) {
		h.Phase = phases[phase]
	}
	h.Episode = r.text()
	if flags&flagEcho != 0 {
		h.Echo = &echo{Session: r.u64(), Seq: r.u64(), Mono: r.nanos(), At: r.nanos()}
	}
	if flags&flagSilence != 0 {
		h.Silence = &silence{Duration: r.nanos(), Interval: r.millis(), Before: r.u64(), Seq: r.u64()}
	}
	for n := r.u8(); n > 0 && !r.short; n-- {
		h.Probes = append(h.Probes, r.probe())
	}
	if r.short || len(r.b) > 0 {
		return nil, errMalformed
	}
	return h, nil
}

// reader takes values off the front of b; short tells that b ended before.
type reader struct {
	b     []byte
	short bool
}

func (r *reader) take(n int) []byte {
	if len(r.b) < n {
		r.short, r.b = true, nil
		return make([]byte, n)
	}
	out := r.b[:n]
	r.b = r.b[n:]
	return out
}

func (r *reader) u8() byte             { return r.take(1)[0] }
func (r *reader) u64() uint64          { return binary.BigEndian.Uint64(r.take(8)) }
func (r *reader) nanos() time.Duration { return time.Duration(r.u64()) }
func (r *reader) millis() time.Duration {
	return time.Duration(binary.BigEndian.Uint32(r.take(4))) * time.Millisecond
}
func (r *reader) text() string { return string(r.take(int(r.u8()))) }

func (r *reader) probe() probe {
	p := probe{Application: r.text(), Probe: r.text()}
	flags := r.u8()
	p.Active, p.Success, p.Ran = flags&probeActive != 0, flags&probeSuccess != 0, flags&probeRan != 0
	p.Age, p.Duration, p.Unbroken = r.millis(), r.millis(), r.millis()
	last := int64(r.u64())
	if flags&probeSucceeded != 0 {
		p.LastSuccess = time.UnixMilli(last).UTC()
	}
	p.Succeeded, p.Failed = r.u64(), r.u64()
	return p
}
