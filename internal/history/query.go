package history

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/promhttp"
)

// Prometheus is a server whose samples hold the freezes of a whole cluster.
type Prometheus struct {
	URL     string
	Headers map[string]string // see promhttp.Client
	Clock   clock.Clock
	Timeout time.Duration // of all queries together
}

const (
	maxAnswer = 64 << 20
	// points a query asks for; Prometheus refuses more than 11000 a series, and this keeps answers small.
	points = 2000
	// maxQueries bounds what is asked of the server.
	maxQueries = 300
	part       = "lpm_part"
)

// The parts of the one query.
const (
	partDuration = "duration"
	partStart    = "start"
	partBound    = "bound"
	partBegin    = "migration_start"
	partEnd      = "migration_end"
	partKnown    = "known"
)

// Query is the PromQL that yields, at each moment, the last freeze and the last migration of every node of the cluster.
func Query(cluster string) string {
	own := "cluster=" + strconv.Quote(cluster)
	fused := "{" + own + `,estimator="fused"}`
	mark := func(expr, name string) string { return fmt.Sprintf(`label_replace(%s,%q,%q,"","")`, expr, part, name) }
	return strings.Join([]string{
		mark("powerha_lpm_last_freeze_duration_seconds"+fused, partDuration),
		mark("powerha_lpm_last_freeze_start_timestamp_seconds"+fused, partStart),
		mark("powerha_lpm_last_freeze_error_bound_seconds"+fused, partBound),
		mark("powerha_lpm_last_migration_start_timestamp_seconds{"+own+"}", partBegin),
		mark("powerha_lpm_last_migration_end_timestamp_seconds{"+own+"}", partEnd),
		mark("group by (cluster) (powerha_lpm_migrations_total{"+own+"})", partKnown),
	}, " or ")
}

// Freezes asks for every freeze of the cluster that began in the span, and for its migrations without one. What was
// the last freeze for less than step can be missed.
func (p Prometheus) Freezes(ctx context.Context, cluster string, from, to time.Time, step time.Duration) ([]model.FreezeRecord, error) {
	base, err := promhttp.Address(p.URL)
	if err != nil {
		return nil, err
	}
	if step < time.Second || to.Sub(from) > step*points*maxQueries {
		return nil, fmt.Errorf("%s in steps of %s would be too many queries; take a step of %s or more", to.Sub(from), step,
			max(time.Second, (to.Sub(from)/(points*maxQueries)).Truncate(time.Second)+time.Second))
	}
	ctx, cancel := p.Clock.WithTimeout(ctx, p.Timeout)
	defer cancel()
	client := promhttp.Client(p.Headers, maxAnswer)
	defer client.CloseIdleConnections()
	f := newFold(cluster)
	for at := from.Truncate(step); !at.After(to); at = at.Add(points * step) {
		end := at.Add((points - 1) * step)
		if end.After(to) {
			end = to
		}
		u := base.JoinPath("api/v1/query_range")
		u.RawQuery = url.Values{
			"query": {Query(cluster)}, "start": {unix(at)}, "end": {unix(end)}, "step": {strconv.Itoa(int(step / time.Second))},
		}.Encode()
		if err := ask(ctx, client, u, f); err != nil {
			return nil, fmt.Errorf("query %s: %w", base.Redacted(), err)
		}
	}
	if !f.known {
		return nil, fmt.Errorf("query %s: it has no series powerha_lpm_migrations_total of cluster %q in that time; is that its name (--cluster), and does it scrape the exporters?",
			base.Redacted(), cluster)
	}
	return f.records(from), nil
}

func unix(t time.Time) string { return strconv.FormatFloat(float64(t.UnixMilli())/1000, 'f', -1, 64) }

func ask(ctx context.Context, client *http.Client, u *url.URL, f *fold) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		var e *url.Error // it would repeat the long address
		if errors.As(err, &e) {
			err = e.Err
		}
		return fmt.Errorf("%w; check that it is reachable from here", err)
	}
	defer resp.Body.Close()
	var a answer
	if err := json.NewDecoder(resp.Body).Decode(&a); err != nil {
		return fmt.Errorf("answered %s with what cannot be read: %w; is it Prometheus?", resp.Status, err)
	}
	return f.add(a)
}
