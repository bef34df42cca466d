package main

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/durable"
	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/report"
	"powerha_lpm_exporter/internal/snapshot"
)

// exporterOf answers on the node's socket as the exporter does.
func (n *node) exporterOf(t *testing.T, s model.Snapshot) (stop func()) {
	t.Helper()
	if err := os.MkdirAll(filepath.Join(n.state, "exporter"), 0o700); err != nil {
		t.Fatal(err)
	}
	s.Version = snapshot.Version
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	path := filepath.Join(n.state, snapshot.SocketName)
	go func() { served <- snapshot.Serve(ctx, path, func() model.Snapshot { return s }) }()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		if _, err := snapshot.Fetch(ctx, path); err == nil {
			break
		} else if time.Now().After(end) {
			t.Fatal(err)
		}
	}
	return func() {
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
	}
}

func TestLeftovers(t *testing.T) {
	n := newNode(t, "NORMAL", "")
	if _, stderr, code := n.lpmctl(t, "leftovers"); code != exitUnreachable || stderr == "" {
		t.Errorf("nobody answers: exit %d, %s", code, stderr)
	}
	stop := n.exporterOf(t, model.Snapshot{Node: "n1"})
	if stdout, _, code := n.lpmctl(t, "leftovers"); code != exitOK {
		t.Errorf("nothing is left: exit %d, %s", code, stdout)
	}
	stop()
	all := []model.Leftover{
		{What: "node_timeout", Node: "n1", Was: "30s", Is: "10m", Commands: report.Mend("node_timeout", report.Before{NodeTimeout: 30 * time.Second})},
		{What: "ifrestrict", Node: "n2", Was: "does not name sfwcom", Is: "names sfwcom", Commands: report.Mend("ifrestrict", report.Before{})},
	}
	stop = n.exporterOf(t, model.Snapshot{Node: "n1", Leftovers: all})
	stdout, _, code := n.lpmctl(t, "leftovers")
	if code != exitNo {
		t.Errorf("exit %d", code)
	}
	shown := []string{"node_timeout: 10m, was 30s", "ifrestrict on n2", "type on n1", "  /usr/sbin/clctrl -tune -o node_timeout=30000\n", "  " + all[1].Commands[0] + "\n"}
	want(t, "leftovers", stdout, shown...)
	stdout, _, _ = n.lpmctl(t, "status")
	want(t, "status", stdout, shown...)
	var v view
	stdout, _, _ = n.lpmctl(t, "--output=json", "status")
	if err := json.Unmarshal([]byte(stdout), &v); err != nil || len(v.Leftovers) != 2 {
		t.Errorf("%v: %s", err, stdout)
	}
	stop()
	// Without the exporter the last report tells.
	fsys, err := durable.OpenDir(n.state)
	if err != nil {
		t.Fatal(err)
	}
	r := report.Judge(report.Input{LeftoversKnown: true, Report: model.Report{Episode: "e1", Node: "n1", LeftBehind: all}})
	if err := report.Append(fsys, &r); err != nil {
		t.Fatal(err)
	}
	stdout, _, code = n.lpmctl(t, "leftovers")
	if code != exitNo {
		t.Errorf("exit %d", code)
	}
	want(t, "leftovers of the report", stdout, append(shown, "the report of e1")...)
	stdout, _, _ = n.lpmctl(t, "report")
	want(t, "report", stdout, shown...)
}
