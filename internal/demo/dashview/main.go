// Command dashview draws the project's dashboards from the answers of a
// Prometheus, one HTML page each, so that they can be looked at where there is
// no Grafana. The drawing is ours and not Grafana's.
//
//	dashview -url http://127.0.0.1:9090 -range 5m -out /tmp dashboards/*.json
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"time"

	"powerha_lpm_exporter/internal/demo/draw"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	status := run(ctx, os.Args[1:], time.Now(), os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

func run(ctx context.Context, args []string, now time.Time, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("dashview", flag.ContinueOnError)
	flags.SetOutput(stderr)
	url := flags.String("url", "http://127.0.0.1:9090", "address of the Prometheus")
	span := flags.Duration("range", time.Hour, "the time shown, before -to")
	to := flags.String("to", "", "end of the time shown, RFC 3339; now when empty")
	scrape := flags.Duration("scrape-interval", 15*time.Second, "of the data source")
	theme := flags.String("theme", "light", "light or dark")
	out := flags.String("out", ".", "folder of the pages: UID-THEME.html")
	chosen := make(map[string]string)
	flags.Func("var", "NAME=VALUE of a variable, again for each; All or the first value without", func(text string) error {
		name, value, ok := strings.Cut(text, "=")
		if !ok {
			return fmt.Errorf("want NAME=VALUE")
		}
		chosen[name] = value
		return nil
	})
	if err := flags.Parse(args); err != nil {
		return 2
	}
	o := draw.Options{URL: *url, To: now, ScrapeInterval: *scrape, Chosen: chosen, Theme: *theme}
	if *to != "" {
		t, err := time.Parse(time.RFC3339, *to)
		if err != nil {
			_, _ = fmt.Fprintf(stderr, "-to %s: want RFC 3339, such as 2026-11-29T03:00:00Z\n", *to)
			return 2
		}
		o.To = t
	}
	o.From = o.To.Add(-*span)
	if (*theme != "light" && *theme != "dark") || flags.NArg() == 0 || *span <= 0 {
		_, _ = fmt.Fprintln(stderr, "dashview: name the files of dashboards; -theme is light or dark; -range is positive")
		return 2
	}
	for _, file := range flags.Args() {
		if err := page(ctx, file, *out, o, stdout); err != nil {
			_, _ = fmt.Fprintln(stderr, err)
			return 1
		}
	}
	return 0
}

func page(ctx context.Context, file, folder string, o draw.Options, stdout io.Writer) error {
	d, err := draw.Load(file)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if err := draw.Page(ctx, &text, d, o); err != nil {
		return err
	}
	path := filepath.Join(folder, fmt.Sprintf("%s-%s.html", d.UID, o.Theme))
	if err := os.WriteFile(path, text.Bytes(), 0o644); err != nil {
		return fmt.Errorf("write the page: %w", err)
	}
	_, _ = fmt.Fprintln(stdout, path)
	return nil
}
