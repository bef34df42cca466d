package paging

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// Page is one alert that a receiver was told of.
type Page struct {
	Receiver string
	Labels   map[string]string
	At       time.Time
}

// String is severity, name and node, as the table of expected pages has it.
func (p Page) String() string { return key(p.Labels) }

func key(labels map[string]string) string {
	text := labels["severity"] + " " + labels["alertname"]
	if node := labels["node"]; node != "" {
		text += " " + node
	}
	return text
}

// Recorder is the webhook behind every receiver.
type Recorder struct {
	address string
	http    *http.Server
	done    chan error

	mu    sync.Mutex
	pages []Page
}

func startRecorder(ctx context.Context) (*Recorder, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for pages: %w", err)
	}
	r := &Recorder{address: l.Addr().String(), done: make(chan error, 1)}
	r.http = &http.Server{Handler: http.HandlerFunc(r.receive), ReadHeaderTimeout: 5 * time.Second}
	go func() { r.done <- r.http.Serve(l) }()
	return r, nil
}

// receive takes a notification in Alertmanager's webhook format.
func (r *Recorder) receive(w http.ResponseWriter, req *http.Request) {
	var message struct {
		Alerts []struct {
			Status string            `json:"status"`
			Labels map[string]string `json:"labels"`
		} `json:"alerts"`
	}
	if err := json.NewDecoder(req.Body).Decode(&message); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, a := range message.Alerts {
		if a.Status == "firing" {
			r.pages = append(r.pages, Page{Receiver: strings.Trim(req.URL.Path, "/"), Labels: a.Labels, At: time.Now()})
		}
	}
}

// Pages lists those of a cluster, oldest first; "" are those without a cluster.
func (r *Recorder) Pages(cluster string) []Page {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(r.pages), func(p Page) bool { return p.Labels["cluster"] != cluster })
}

// Clusters lists the names of the clusters that anybody was paged for.
func (r *Recorder) Clusters() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var names []string
	for _, p := range r.pages {
		names = append(names, p.Labels["cluster"])
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (r *Recorder) close() error {
	err := r.http.Close()
	if serve := <-r.done; !errors.Is(serve, http.ErrServerClosed) {
		err = errors.Join(err, serve)
	}
	return err
}
