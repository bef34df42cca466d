package identity

import (
	"context"
	"fmt"
	"io/fs"

	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/model"
)

// Source asks one source; powerha.Client is one.
type Source interface {
	Read(ctx context.Context, s model.Source) model.Reading
}

// Reader asks another one, and the files of Linux where that has no command for the server.
type Reader struct {
	Source
	Clock clock.Clock
	Root  fs.FS // the whole file system
}

// Read implements Source.
func (r Reader) Read(ctx context.Context, s model.Source) model.Reading {
	got := r.Source.Read(ctx, s)
	if s != model.SourceServer || !got.Missing {
		return got
	}
	at := r.Clock.Now()
	server, unparsed, err := Read(r.Root)
	if err != nil {
		got.Err = fmt.Sprintf("%s; and %v", got.Err, err)
		return got
	}
	return model.Reading{Source: s, At: at, Took: r.Clock.Now().Sub(at), Unparsed: unparsed, Server: server}
}
