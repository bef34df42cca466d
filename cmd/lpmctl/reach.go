package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"powerha_lpm_exporter/internal/clock"
	"powerha_lpm_exporter/internal/command"
	"powerha_lpm_exporter/internal/config"
	"powerha_lpm_exporter/internal/control"
	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/powerha"
	"powerha_lpm_exporter/internal/privilege"
)

// answerTime is how long a person waits for the actor.
const answerTime = 15 * time.Second

func actorOf(c *config.Config) *control.Client {
	return control.NewClient(filepath.Join(c.StateDir, control.SocketName))
}

// cluster returns a client of the product. It only asks; acts are the actor's.
func cluster(c *config.Config, clk clock.Clock) *powerha.Client {
	o := privilege.Reading(c, os.Geteuid() == 0)
	o.Runner, o.Clock = command.NewRunner(clk, filepath.Join(c.StateDir, "actor")), clk
	return powerha.New(o)
}

// nodeName is what the configuration says, else what the cluster says.
func nodeName(ctx context.Context, c *config.Config, ha *powerha.Client) (string, error) {
	if c.Cluster.Node != "" {
		return c.Cluster.Node, nil
	}
	r := ha.Read(ctx, model.SourceMembers)
	if r.Err != "" {
		return "", errors.New(r.Err)
	}
	for _, m := range r.Members {
		if m.Local {
			return m.Name, nil
		}
	}
	return "", fmt.Errorf("the cluster does not say which node this is; set cluster.node in the configuration")
}

// live is what the cluster itself says, read now.
type live struct {
	Node     string                         `json:"node"`
	Readings map[model.Source]model.Reading `json:"readings"`
	Errors   []string                       `json:"errors,omitempty"`
}

func (t *tool) live(sources ...model.Source) live {
	ha := cluster(t.cfg, t.clk)
	l := live{Readings: map[model.Source]model.Reading{}}
	name, err := nodeName(t.ctx, t.cfg, ha)
	if err != nil {
		l.Errors = append(l.Errors, err.Error())
	}
	l.Node = name
	for _, s := range sources {
		r := ha.Read(t.ctx, s)
		if r.Err != "" {
			l.Errors = append(l.Errors, r.Err)
			continue
		}
		l.Readings[s] = r
	}
	return l
}

func (l live) nodeState() model.NodeState {
	return l.Readings[model.SourceNodes].NodeState(l.Node)
}
