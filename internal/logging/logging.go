// Package logging is the log of all programs: go-kit/log underneath, with the
// exporters' usual flags, and a bridge for libraries that speak log/slog.
package logging

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/alecthomas/kingpin/v2"
	"github.com/go-kit/log"
	"github.com/go-kit/log/level"
	sloggokit "github.com/tjhop/slog-gokit"
)

// Config is what the flags say.
type Config struct{ Level, Format string }

// AddFlags adds --log.level and --log.format.
func AddFlags(app *kingpin.Application) *Config {
	var c Config
	app.Flag("log.level", "Only log messages with the given severity or above. One of: [debug, info, warn, error]").
		Default("info").EnumVar(&c.Level, "debug", "info", "warn", "error")
	app.Flag("log.format", "Output format of log messages. One of: [logfmt, json]").
		Default("logfmt").EnumVar(&c.Format, "logfmt", "json")
	return &c
}

// New returns a logger that writes to w.
func New(w io.Writer, c *Config) (log.Logger, error) {
	l, err := base(w, c)
	if err != nil {
		return nil, err
	}
	return log.With(l, "caller", log.DefaultCaller), nil
}

// NewSlog returns a logger of the same form for libraries that speak log/slog.
// Each line is one write, so both kinds may share w.
func NewSlog(w io.Writer, c *Config) (*slog.Logger, error) {
	l, err := base(w, c)
	if err != nil {
		return nil, err
	}
	// The bridge names the caller itself.
	return slog.New(untimed{sloggokit.NewGoKitHandler(l, slog.LevelDebug)}), nil
}

func base(w io.Writer, c *Config) (log.Logger, error) {
	var l log.Logger
	switch c.Format {
	case "", "logfmt":
		l = log.NewLogfmtLogger(log.NewSyncWriter(w))
	case "json":
		l = log.NewJSONLogger(log.NewSyncWriter(w))
	default:
		return nil, fmt.Errorf("log format %q: want logfmt or json", c.Format)
	}
	lvl, err := level.Parse(orInfo(c.Level))
	if err != nil {
		return nil, fmt.Errorf("log level %q: want debug, info, warn or error", c.Level)
	}
	return log.With(level.NewFilter(l, level.Allow(lvl)), "ts", log.DefaultTimestampUTC), nil
}

// untimed leaves the time to the logger underneath.
type untimed struct{ slog.Handler }

// Handle implements slog.Handler.
func (h untimed) Handle(ctx context.Context, r slog.Record) error {
	r.Time = time.Time{}
	return h.Handler.Handle(ctx, r)
}

// WithAttrs implements slog.Handler.
func (h untimed) WithAttrs(a []slog.Attr) slog.Handler { return untimed{h.Handler.WithAttrs(a)} }

// WithGroup implements slog.Handler.
func (h untimed) WithGroup(name string) slog.Handler { return untimed{h.Handler.WithGroup(name)} }

func orInfo(s string) string {
	if s == "" {
		return "info"
	}
	return s
}
