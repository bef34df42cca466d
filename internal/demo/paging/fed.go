package paging

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Programs of a node, and the jobs of the shipped example that scrape them.
func jobOf(program string) string { return "powerha_lpm_" + program }

// Calm is what the programs of a calm cluster serve, by node and program.
type Calm map[[2]string]Sample

// PlayFed feeds a cluster that is calm at first, then changes it step by step. It ends when the last step has settled.
func (s *Servers) PlayFed(ctx context.Context, p Play, calm Calm, limit time.Duration) (err error) {
	var feeds []*Feed
	defer func() {
		for _, f := range feeds {
			err = errors.Join(err, s.Forget(jobOf(f.Program), f.Address), f.Close())
		}
	}()
	for at, sample := range calm {
		f, err := StartFeed(ctx, p.Name, at[0], at[1], sample)
		if err != nil {
			return err
		}
		feeds = append(feeds, f)
		if err := s.Scrape(jobOf(f.Program), f.Address); err != nil {
			return err
		}
	}
	steps := append([][]string{nil}, p.Steps...)
	for i, step := range steps {
		var changes []change
		for _, line := range step {
			c, err := parseChange(line)
			if err != nil {
				return err
			}
			changes = append(changes, c)
		}
		for _, f := range feeds {
			f.apply(changes)
		}
		if err := s.scraped(ctx, feeds, limit); err != nil {
			return fmt.Errorf("%s, step %d: %w", p.Name, i, err)
		}
		if err := s.Settle(ctx, p.Name, limit); err != nil {
			return fmt.Errorf("%s, step %d: %w", p.Name, i, err)
		}
		if early := Compare(s.Pages(p.Name), nil, nil).Extra; i == 0 && len(early) > 0 {
			return fmt.Errorf("%s: pages of a calm cluster: %v", p.Name, early)
		}
	}
	if err := s.Ended(ctx, p.Name, p, limit); err != nil {
		return err
	}
	return s.StillFire(ctx, p.Name, p.Stay)
}

// Ended waits until a cluster has led to the pages of a play and to whatever else it leads to, and to nothing but silence
// where the play says so.
func (s *Servers) Ended(ctx context.Context, cluster string, p Play, limit time.Duration) error {
	// What is inhibited for a while is sent afterwards: the pages first.
	if err := s.Await(ctx, cluster, p.Pages, limit); err != nil {
		return err
	}
	if err := s.Settle(ctx, cluster, limit); err != nil {
		return err
	}
	return s.Quiet(ctx, cluster, p.Quiet)
}

// scraped waits until every one of them was scraped, or was tried, after now.
func (s *Servers) scraped(ctx context.Context, feeds []*Feed, limit time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var addresses []string
	for _, f := range feeds {
		addresses = append(addresses, f.Address)
	}
	query := fmt.Sprintf(`min(timestamp(up{instance=~%q})) and count(up{instance=~%q}) == %d`,
		strings.Join(addresses, "|"), strings.Join(addresses, "|"), len(addresses))
	since := float64(time.Now().UnixMilli()) / 1000
	return poll(ctx, "every target is scraped", func() (string, error) {
		if at, ok := s.value(ctx, query); ok && at > since {
			return "", nil
		}
		return "some are not", nil
	})
}
