// Package logging is the log of all programs: go-kit/log underneath, with the
// exporters' usual flags, and a bridge for libraries that speak log/slog.
package logging

import (
	"fmt"
	"io"
	"log/slog"

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
	l = level.NewFilter(l, level.Allow(lvl))
	return log.With(l, "ts", log.DefaultTimestampUTC, "caller", log.DefaultCaller), nil
}

// Slog bridges to l. Filtering stays with l.
func Slog(l log.Logger) *slog.Logger {
	return slog.New(sloggokit.NewGoKitHandler(l, slog.LevelDebug))
}

func orInfo(s string) string {
	if s == "" {
		return "info"
	}
	return s
}
