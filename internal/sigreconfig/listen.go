package sigreconfig

import (
	"context"
	"errors"

	"powerha_lpm_exporter/internal/model"
)

// ErrUnsupported: this system has no such signal.
var ErrUnsupported = errors.New("SIGRECONFIG is a signal of AIX; on this system other witnesses tell of a migration")

// Listener hears the signal. It may be made once in a process.
type Listener struct {
	Mode Mode
	Now  func() model.Instant
}

// system is what the listener needs of AIX.
type system struct {
	signals <-chan struct{}
	// query fills the buffer with dr_info_t; done hands the same buffer back and acknowledges the event.
	query, done func(buf []byte) error
}

// size of the buffer: newer levels of AIX may have a longer structure than the 104 bytes of the header.
const size = 4096

// listen asks what each signal is about, acknowledges at once, and only then tells: nobody waits for what is made of it.
func (l Listener) listen(ctx context.Context, s system, emit func(Event)) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.signals:
		}
		e := Event{At: l.Now()}
		buf := make([]byte, size)
		err := s.query(buf)
		if l.Mode == Acknowledge {
			err = errors.Join(err, s.done(buf))
		}
		info, bad := Decode(buf)
		e.Info = info
		if err = errors.Join(err, bad); err != nil {
			e.Err = err.Error()
		}
		emit(e)
	}
}
