// Package confirm asks Prometheus whether the gate of a node is open. It only
// fetches: what the answer is worth is judged elsewhere.
package confirm

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/prometheus/client_golang/api"
	v1 "github.com/prometheus/client_golang/api/prometheus/v1"
	prom "github.com/prometheus/common/model"

	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/promhttp"
)

// Querier is the query seam: it asks every Prometheus about the gate of one node.
type Querier interface {
	// Gate returns one sample a server, in the order of the configuration, and returns by the deadline.
	Gate(ctx context.Context, cluster, node string) []model.GateSample
}

// Options says whom to ask and how.
type Options struct {
	URLs []string
	// Headers are sent with each query. A value "@/path" is read from that file at each query.
	Headers map[string]string
	Clock   clock.Clock
	Timeout time.Duration // of one query; 10 s when zero
}

// Client asks several Prometheus servers side by side.
type Client struct {
	servers []server
	clk     clock.Clock
	timeout time.Duration
}

type server struct {
	url string
	api v1.API
	err error // the address cannot be used
}

// New returns a client. An address that cannot be used shows in every sample of that server.
func New(o Options) *Client {
	c := &Client{clk: o.Clock, timeout: o.Timeout}
	if c.timeout <= 0 {
		c.timeout = 10 * time.Second
	}
	for _, u := range o.URLs {
		s := server{url: u}
		a, err := api.NewClient(api.Config{Address: u, Client: promhttp.Client(o.Headers, maxAnswer)})
		if err != nil {
			s.err = fmt.Errorf("address %q cannot be used: %w; correct confirmation.prometheus_urls", u, err)
		} else {
			s.api = v1.NewAPI(a)
		}
		c.servers = append(c.servers, s)
	}
	return c
}

// maxAnswer is the largest answer that is read. The gate's is below 4 KiB.
const maxAnswer = 1 << 20

// Gate asks every server and waits for all of them, at most for the timeout.
func (c *Client) Gate(ctx context.Context, cluster, node string) []model.GateSample {
	ctx, cancel := c.clk.WithTimeout(ctx, c.timeout)
	defer cancel()
	out := make([]model.GateSample, len(c.servers))
	var wg sync.WaitGroup
	for i, s := range c.servers {
		wg.Go(func() { out[i] = c.ask(ctx, s, cluster, node) })
	}
	wg.Wait()
	return out
}

func (c *Client) ask(ctx context.Context, s server, cluster, node string) model.GateSample {
	g := model.GateSample{URL: s.url, At: c.clk.Now()}
	if s.err != nil {
		g.Err = s.err.Error()
		return g
	}
	// Without a time parameter the server answers for its own present.
	val, warnings, _, err := s.api.Query(ctx, Query(cluster, node), time.Time{})
	switch {
	case err != nil:
		g.Err = fmt.Sprintf("query %s: %v; check that it is reachable from this node", s.url, err)
	case len(warnings) > 0:
		g.Err = fmt.Sprintf("query %s: the answer may be partial: %s", s.url, warnings[0])
	default:
		vec, ok := val.(prom.Vector)
		if !ok {
			g.Err = fmt.Sprintf("query %s: answered with a %T instead of a vector; is it Prometheus?", s.url, val)
		} else if err := fill(&g, vec, cluster, node); err != nil {
			g.Err = fmt.Sprintf("query %s: %v", s.url, err)
		}
	}
	if g.Err != "" {
		g = model.GateSample{URL: g.URL, At: g.At, Err: g.Err}
	}
	return g
}
