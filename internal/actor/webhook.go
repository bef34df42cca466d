package actor

import (
	"io"
	"net/http"
	"sync"
	"time"

	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/model"
)

const (
	maxWebhookBody = 1 << 20
	wakeEvery      = time.Second
)

// Webhook takes Alertmanager's notifications as a hint to look. The body is
// read up to a bound and thrown away (S11); at most one request a second wakes
// the actor.
type Webhook struct {
	clk  clock.Clock
	wake func()

	mu     sync.Mutex // guards all below
	last   model.Instant
	woken  bool
	counts map[string]uint64
}

// NewWebhook returns a webhook that calls wake.
func NewWebhook(clk clock.Clock, wake func()) *Webhook {
	return &Webhook{clk: clk, wake: wake, counts: map[string]uint64{}}
}

// Counts are the requests by result: accepted, rejected, limited.
func (h *Webhook) Counts() map[string]uint64 {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := make(map[string]uint64, len(h.counts))
	for k, v := range h.counts {
		out[k] = v
	}
	return out
}

// ServeHTTP implements http.Handler for POST /api/v1/alerts.
func (h *Webhook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost || r.URL.Path != "/api/v1/alerts" {
		h.count("rejected")
		http.Error(w, "want POST /api/v1/alerts", http.StatusNotFound)
		return
	}
	if _, err := io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, maxWebhookBody)); err != nil {
		h.count("rejected")
		http.Error(w, "body too large or cut off", http.StatusRequestEntityTooLarge)
		return
	}
	if h.admit() {
		h.wake()
	}
	w.WriteHeader(http.StatusOK)
}

func (h *Webhook) admit() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.clk.Now()
	if h.woken && now.Sub(h.last) < wakeEvery {
		h.counts["limited"]++
		return false
	}
	h.woken, h.last = true, now
	h.counts["accepted"]++
	return true
}

func (h *Webhook) count(result string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.counts[result]++
}
