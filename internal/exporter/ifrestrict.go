package exporter

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/powerha"
)

// PartRestrict is the reading of CAA's ifrestrict.
const PartRestrict = "ifrestrict"

// restrictEvery is how often it is looked at.
const restrictEvery = 5 * time.Second

// maxRestrict is more than a list of interfaces ever is.
const maxRestrict = 64 << 10

// readRestrict reads CAA's list of interfaces that it does not use. There is none in most clusters.
func readRestrict(path string) (restricted *bool, err error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return new(false), nil
	}
	if err != nil {
		return nil, fmt.Errorf("%w: whether it is left behind after a migration is not known; give the exporter the right to read it, or set cluster.ifrestrict to \"\"", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxRestrict+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("read %s: %w", path, err)
	case len(b) > maxRestrict:
		return nil, fmt.Errorf("read %s: more than %d bytes: that is no list of interfaces; see cluster.ifrestrict", path, maxRestrict)
	default:
		return new(powerha.ParseIfRestrict(b)), nil
	}
}

// watchRestrict tells the core what ifrestrict says.
func (e *Exporter) watchRestrict(ctx context.Context, path string) {
	said := ""
	for {
		at := e.deps.Clock.Now()
		restricted, err := readRestrict(path)
		e.send(RestrictSeen{At: at, Restricted: restricted})
		if text(err) != said {
			said = text(err)
			e.send(Health{Part: PartRestrict, Err: said})
		}
		if clock.Sleep(ctx, e.deps.Clock, restrictEvery) != nil {
			return
		}
	}
}
