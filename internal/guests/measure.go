//go:build linux

package main

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// The addresses within the test's own network.
const (
	outsideIP = "10.77.0.1"
	guestIP   = "10.77.0.2"
	key       = "a key of the test, and of nothing else"
)

// pack makes the guest's root: the programs, one configuration file and the key that it names.
func (l *lab) pack(kernel, programs string) error {
	var a initramfs
	a.console()
	for name, program := range map[string]string{"init": "init", "exporter": "powerha_lpm_exporter"} {
		if err := a.copied(name, filepath.Join(programs, l.name, program), 0o555); err != nil {
			return err
		}
	}
	for i, m := range l.modules {
		found, err := exec.Command("find", filepath.Join(kernel, "lib", "modules"), "-name", m+".ko").Output()
		path := strings.TrimSpace(string(found))
		if err != nil || path == "" {
			return fmt.Errorf("no module %s below %s", m, kernel)
		}
		if err := a.copied(fmt.Sprintf("modules/%02d-%s.ko", i, m), path, 0o444); err != nil {
			return err
		}
	}
	targets := ""
	if l.peered {
		targets = `, targets: {n2: "` + outsideIP + `:10983"}`
	}
	a.file("etc/powerha_lpm/config.yml", 0o444, []byte("cluster: {name: c1, node: n1}\npeers: {key_file: /peer.key"+targets+"}\n"))
	a.file("peer.key", 0o400, []byte(key))
	a.file("address", 0o444, []byte(guestIP))
	return a.write(l.initrd)
}

// startPeer runs the exporter outside.
func (l *lab) startPeer(program string) (stop func(), err error) {
	conf, keyFile := filepath.Join(l.dir, "outside.yml"), filepath.Join(l.dir, "peer.key")
	text := fmt.Sprintf("cluster: {name: c1, node: n2}\nstate_dir: %s\npeers: {key_file: %s, targets: {n1: \"%s:10983\"}}\n", filepath.Join(l.dir, "state"), keyFile, guestIP)
	if err := os.WriteFile(conf, []byte(text), 0o600); err != nil {
		return nil, err
	}
	if err := os.WriteFile(keyFile, []byte(key), 0o600); err != nil {
		return nil, err
	}
	cmd := exec.Command(program, "--config.file="+conf, "--web.listen-address="+outsideIP+":10981", "--allow-root")
	log, err := os.Create(filepath.Join(l.dir, "outside.log"))
	if err != nil {
		return nil, err
	}
	cmd.Stderr = log
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return func() { _ = cmd.Process.Kill(); _ = cmd.Wait(); _ = log.Close() }, nil
}

// wait returns once the guest's exporter answers, and its peer hears it for a while.
func (l *lab) wait(limit time.Duration) error {
	for end := time.Now().Add(limit); time.Now().Before(end); time.Sleep(time.Second) {
		v, err := scrape()
		if err == nil && (!l.peered || v[`powerha_peer_up{peer="n2"}`] == 1) {
			time.Sleep(15 * time.Second)
			return nil
		}
	}
	return fmt.Errorf("the exporter in the guest does not answer, or has no peer, after %s", limit)
}

// measure stops the guest by f and holds what its exporter says against the truth.
func (l *lab) measure(how string, f func() (time.Duration, error)) error {
	before, err := scrape()
	if err != nil {
		return err
	}
	truth, err := f()
	if err != nil {
		return fmt.Errorf("%s: %w", how, err)
	}
	var v map[string]float64
	const start = `powerha_lpm_last_freeze_start_timestamp_seconds{estimator="fused"}`
	for range 20 { // a freeze is told some seconds after it
		time.Sleep(time.Second)
		now, err := scrape()
		if err != nil {
			continue
		}
		v = now
		if l.peered && v[start] != before[start] {
			time.Sleep(6 * time.Second) // and its brownout
			if now, err := scrape(); err == nil {
				v = now
			}
			break
		}
	}
	if v == nil {
		return fmt.Errorf("%s: the exporter does not answer any more", how)
	}
	l.row(how, truth, v, v[start] != before[start])
	return nil
}

func (l *lab) row(how string, truth time.Duration, v map[string]float64, told bool) {
	cell := func(series string) string {
		x, ok := v[series]
		if !ok || !told {
			return "-"
		}
		return fmt.Sprintf("%.3f", x)
	}
	fused, visible := v[`powerha_lpm_last_freeze_duration_seconds{estimator="fused"}`], told
	bound := v[`powerha_lpm_last_freeze_error_bound_seconds{estimator="fused"}`]
	word := "ok"
	switch seen := v[`powerha_lpm_freeze_visible{by="peer"}`] + v[`powerha_lpm_freeze_visible{by="clock"}`] + v[`powerha_lpm_freeze_visible{by="rtc"}`]; {
	case !l.peered && !visible && seen == 0:
		word = "ok: not visible without a peer"
	case !l.peered:
		word, l.missed = "MISSED: nobody could see it", l.missed+1
	case !visible:
		word, l.missed = "MISSED: not seen", l.missed+1
	case fused-bound > truth.Seconds()+0.003 || fused+bound < truth.Seconds()-0.003: // the stamps of stop and resume are some ms off
		word, l.missed = "MISSED: outside the bound", l.missed+1
	}
	const d, b = `powerha_lpm_last_freeze_duration_seconds{estimator="`, `powerha_lpm_last_freeze_error_bound_seconds{estimator="fused"}`
	fmt.Printf("%-8s %-22s %9.3f %9s %9s %9s %9s %9s  %s\n", l.name, how, truth.Seconds(),
		cell(d+`clock"}`), cell(d+`peer"}`), cell(d+`fused"}`), cell(b), cell(`powerha_lpm_last_brownout_duration_seconds{}`), word)
}

// scrape reads the guest's metrics; the labels cluster and node, which all have, are left out.
func scrape() (map[string]float64, error) {
	client := http.Client{Timeout: 5 * time.Second}
	resp, err := client.Get("http://" + guestIP + ":10981/metrics")
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	out := make(map[string]float64)
	for s := bufio.NewScanner(resp.Body); s.Scan(); {
		series, value, ok := strings.Cut(s.Text(), "} ")
		if !ok || strings.HasPrefix(series, "#") {
			continue
		}
		series = strings.NewReplacer(`cluster="c1",`, "", `,cluster="c1"`, "", `,node="n1"`, "", `node="n1",`, "", `node="n1"`, "").Replace(series + "}")
		if x, err := strconv.ParseFloat(value, 64); err == nil {
			out[series] = x
		}
	}
	_, _ = io.Copy(io.Discard, resp.Body)
	return out, nil
}

func tail(b []byte, n int) []byte { return b[max(0, len(b)-n):] }
