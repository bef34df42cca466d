package paging

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// poll asks until the condition holds, it fails, or ctx ends; the error then says what is still missing.
func poll(ctx context.Context, what string, ok func() (string, error)) error {
	for {
		missing, err := ok()
		if err != nil && ctx.Err() == nil {
			return fmt.Errorf("wait until %s: %w", what, err)
		}
		if err == nil && missing == "" {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("waited until %s, in vain: %s: %w", what, missing, context.Cause(ctx))
		case <-time.After(pollEvery):
		}
	}
}

// Settle waits until what is known of a cluster now has led to every page that it leads to: each rule was evaluated with it,
// no alert is pending any more but such as would be for longer than the limit, and each that fires has been sent to its
// receiver or is inhibited.
func (s *Servers) Settle(ctx context.Context, cluster string, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var holds map[string]time.Duration
	for range 2 { // rules that stand on others see those of the round before
		since := time.Now()
		err := poll(ctx, "every rule is evaluated", func() (string, error) {
			done, pending, err := s.evaluated(ctx, since)
			holds = pending
			if err != nil || done {
				return "", err
			}
			return "some are not", nil
		})
		if err != nil {
			return err
		}
	}
	return poll(ctx, "every alert of "+cluster+" is delivered", func() (string, error) {
		return s.undelivered(ctx, cluster, func(a Alert) bool { return holds[a.Labels["alertname"]] < limit })
	})
}

// undelivered names the alerts of a cluster that are pending, or fire and have not been sent. An outage of an application
// that was inhibited is an error.
func (s *Servers) undelivered(ctx context.Context, cluster string, fires func(Alert) bool) (string, error) {
	alerts, err := s.Alerts(ctx, cluster)
	if err != nil {
		return "", err
	}
	known, err := s.handled(ctx, cluster)
	if err != nil {
		return "", err
	}
	var errs []error
	for _, h := range known {
		if outage(h.Labels["alertname"]) && len(h.Status.InhibitedBy) > 0 {
			errs = append(errs, fmt.Errorf("%s was inhibited: an application's outage never is", key(h.Labels)))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return "", err
	}
	pages := s.Pages(cluster)
	var open []string
	for _, a := range alerts {
		switch {
		case !a.Firing && !fires(a):
		case !a.Firing:
			open = append(open, a.String()+" is pending")
		case !delivered(a, pages, known):
			open = append(open, a.String()+" is not delivered")
		}
	}
	return strings.Join(open, ", "), nil
}

func delivered(a Alert, pages []Page, known []handled) bool {
	for _, p := range pages {
		if same(p.Labels, a.Labels) {
			return true
		}
	}
	for _, h := range known {
		if same(h.Labels, a.Labels) && h.Status.State == "suppressed" {
			return true
		}
	}
	return false
}

// Await waits until each of the pages was received.
func (s *Servers) Await(ctx context.Context, cluster string, pages []string, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	return poll(ctx, "the pages of "+cluster+" are there", func() (string, error) {
		_, _, err := s.evaluated(ctx, time.Now())
		return strings.Join(Compare(s.Pages(cluster), pages, nil).Missing, ", "), err
	})
}

// StillFire names those of the alerts that do not fire now.
func (s *Servers) StillFire(ctx context.Context, cluster string, want []string) error {
	alerts, err := s.Alerts(ctx, cluster)
	if err != nil {
		return err
	}
	for _, w := range want {
		if !slices.ContainsFunc(alerts, func(a Alert) bool { return a.Firing && a.String() == w }) {
			return fmt.Errorf("%s has ended, though nothing was mended", w)
		}
	}
	return nil
}

// Quiet names those of the alerts that Alertmanager does not know, or does not inhibit.
func (s *Servers) Quiet(ctx context.Context, cluster string, want []string) error {
	known, err := s.handled(ctx, cluster)
	if err != nil {
		return err
	}
	var errs []error
	for _, w := range want {
		if !slices.ContainsFunc(known, func(h handled) bool { return key(h.Labels) == w && len(h.Status.InhibitedBy) > 0 }) {
			errs = append(errs, fmt.Errorf("%s is not kept quiet by another alert", w))
		}
	}
	return errors.Join(errs...)
}
