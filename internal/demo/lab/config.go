package lab

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"

	"powerha_lpm_exporter/internal/sim/world"
)

func (l *Lab) config(node string) string { return l.path("etc", node+".yml") }

// Install writes keys, certificates and configurations, and registers the DR
// script on every node, as an administrator would.
func (l *Lab) Install(ctx context.Context) error {
	if err := l.writeSecrets(); err != nil {
		return err
	}
	// What people would be paged with, without Prometheus.
	script := fmt.Sprintf("#!/bin/sh\necho \"$*\" >>'%s'\n", l.path("pages"))
	if err := os.WriteFile(l.path("etc", "page"), []byte(script), 0o755); err != nil {
		return fmt.Errorf("write the notify command: %w", err)
	}
	for _, node := range l.Nodes {
		text, err := yaml.Marshal(l.configuration(node))
		if err != nil {
			return fmt.Errorf("write the configuration of %s: %w", node, err)
		}
		if err := os.WriteFile(l.config(node), text, 0o600); err != nil {
			return fmt.Errorf("write the configuration of %s: %w", node, err)
		}
		if text, err = yaml.Marshal(l.exporterFile(node)); err != nil {
			return fmt.Errorf("write the configuration of the exporter of %s: %w", node, err)
		}
		if err := os.WriteFile(l.exporterConfig(node), text, 0o600); err != nil {
			return fmt.Errorf("write the configuration of the exporter of %s: %w", node, err)
		}
		for folder, mode := range map[string]os.FileMode{"dr": 0o750, "exporter": 0o750, "actor": 0o700} {
			if err := os.MkdirAll(filepath.Join(l.State(node), folder), mode); err != nil {
				return fmt.Errorf("make the state folder of %s: %w", node, err)
			}
		}
		if out, err := l.Lpmctl(ctx, node, "dr", "install"); err != nil {
			return fmt.Errorf("register the DR script on %s: %w\n%s", node, err, out)
		}
	}
	return l.followLate()
}

func (l *Lab) writeSecrets() error {
	if err := os.MkdirAll(l.path("etc"), 0o700); err != nil {
		return fmt.Errorf("make the folder of the configuration: %w", err)
	}
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return fmt.Errorf("make the heartbeats' key: %w", err)
	}
	if err := os.WriteFile(l.path("etc", "peer.key"), key, 0o600); err != nil {
		return fmt.Errorf("write the heartbeats' key: %w", err)
	}
	ca, err := newAuthority()
	if err != nil {
		return err
	}
	if err := writePEM(l.path("etc", "ca.crt"), "CERTIFICATE", ca.der); err != nil {
		return err
	}
	for _, node := range l.Nodes {
		if err := ca.issue(node, l.path("etc", node+".crt"), l.path("etc", node+".key")); err != nil {
			return err
		}
	}
	return nil
}

// FactAge is migration.fact_age of the actors.
const FactAge = 8 * time.Second

type m = map[string]any

// configuration is the file of a node, as config.yml holds it.
func (l *Lab) configuration(node string) m {
	commands, heartbeats, links := m{}, m{}, m{}
	for _, tool := range world.Tools() {
		commands[tool] = filepath.Join(l.world.Bin(node), tool)
	}
	for _, peer := range l.Nodes {
		if peer != node {
			heartbeats[peer] = loopback(l.Ports[peer].Heartbeat)
			links[peer] = loopback(l.Ports[peer].Link)
		}
	}
	t := l.Timing
	logs := filepath.Join(filepath.Dir(l.world.Bin(node)), "var", "hacmp")
	return m{
		"cluster": m{
			"name": l.Cluster, "node": node, "commands": commands,
			"interval": span(t.Interval), "timeout": span(10 * time.Second),
			"logs":       m{"cluster_log": filepath.Join(logs, "adm", "cluster.log"), "hacmp_out": filepath.Join(logs, "log", "hacmp.out")},
			"ifrestrict": filepath.Join(filepath.Dir(l.world.Bin(node)), "etc", "cluster", "ifrestrict"),
		},
		"state_dir": l.State(node),
		"peers":     m{"listen_address": loopback(l.Ports[node].Heartbeat), "key_file": l.path("etc", "peer.key"), "targets": heartbeats},
		"actors": m{
			"listen_address": loopback(l.Ports[node].Link), "targets": links,
			"tls": m{"cert_file": l.path("etc", node+".crt"), "key_file": l.path("etc", node+".key"), "ca_file": l.path("etc", "ca.crt")},
		},
		"probes":    l.probes(node),
		"variables": m{"lpm_policy": "unmanage", "heartbeat_frequency_during_lpm": span(t.HeartbeatDuringLPM)},
		"migration": m{
			"mode": l.Mode, "prepare_timeout": span(t.PrepareTimeout), "suspension_deadline": span(t.SuspensionDeadline),
			"fact_age": span(FactAge), "product_script_timeout": span(30 * time.Second),
		},
		"confirmation": m{
			"prometheus_urls": []string{"http://" + l.Prometheus}, "minimum_stable": span(t.MinimumStable),
			"maximum_sample_age": span(t.MaximumSampleAge),
		},
		"notify": m{"command": []string{l.path("etc", "page")}, "syslog": false, "errlog": true},
	}
}

// probes ask the node's own application, and from a peer the one of the other node.
func (l *Lab) probes(node string) []m {
	probe := func(name, vantage, target string) m {
		return m{
			"application": Application, "resource_group": Group, "name": name, "vantage": vantage, "type": "http", "target": target,
			"interval": span(l.Timing.ProbeInterval), "timeout": span(l.Timing.ProbeInterval),
		}
	}
	out := []m{probe("health", "local", l.HealthURL(node))}
	for _, peer := range l.Nodes {
		if l.PeerProbe && peer != node {
			out = append(out, probe("users", "peer", l.HealthURL(peer)))
		}
	}
	return out
}

func span(d time.Duration) string { return model.Duration(d).String() }
