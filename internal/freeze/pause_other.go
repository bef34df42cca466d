//go:build !linux

package freeze

import (
	"context"
	"time"

	"powerha_lpm_exporter/internal/clock"
)

func pause(ctx context.Context, clk clock.Clock, d time.Duration) error {
	return clock.Sleep(ctx, clk, d)
}
