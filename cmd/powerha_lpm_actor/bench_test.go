package main

import (
	"bufio"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"powerha_lpm_exporter/internal/actor"
	"powerha_lpm_exporter/internal/command"
	"powerha_lpm_exporter/internal/journal"
)

// stopTakes is how long the stop of the benchmark's node takes; a real one takes a minute or so.
const stopTakes = "0.3"

// timed is the tool of the tests, but notes when each run of it began and ended, without starting a process for that.
var timed = strings.NewReplacer(
	"#!/bin/sh\n", "#!/bin/bash\nbegan=$EPOCHREALTIME\ntrap 'echo \"$began $EPOCHREALTIME ${0##*/} $*\" >>\"$d/ran\"' EXIT\n",
	"sleep 2;", "sleep "+stopTakes+";",
).Replace(tool)

// tooling is one run of a cluster command.
type tooling struct {
	name       string
	began, end time.Time
}

func (c tooling) act() bool { return strings.HasPrefix(c.name, "clmgr stop") }

// reads reports whether the node's state is what it asks for.
func (c tooling) reads() bool { return strings.HasSuffix(c.name, "query node") }

// ran returns the runs that have ended so far, in the order of their ends.
func (n *node) ran() []tooling {
	f, err := os.Open(filepath.Join(n.dir, "ran"))
	if err != nil {
		return nil
	}
	defer f.Close()
	var out []tooling
	for s := bufio.NewScanner(f); s.Scan(); {
		f := strings.SplitN(s.Text(), " ", 3)
		if len(f) == 3 {
			out = append(out, tooling{f[2], instant(f[0]), instant(f[1])})
		}
	}
	return out
}

// instant reads bash's EPOCHREALTIME: seconds with six places.
func instant(s string) time.Time {
	var sec, micro int64
	_, _ = fmt.Sscanf(s, "%d.%d", &sec, &micro)
	return time.Unix(sec, micro*1000)
}

// settle waits until every fact was read once and nothing is being read.
func (n *node) settle() {
	n.until("every check of the preflight passes", func() bool {
		m := n.get("/metrics")
		return strings.Contains(m, "powerha_actor_preflight_ready{") && strings.Contains(m, `state="idle"} 1`) &&
			!strings.Contains(preflight(m), "} 0")
	})
	last := -1
	n.until("no query is under way", func() bool {
		now := len(n.ran())
		calm := now == last
		last = now
		time.Sleep(300 * time.Millisecond)
		return calm
	})
}

func preflight(metrics string) string {
	var b strings.Builder
	for l := range strings.Lines(metrics) {
		if strings.HasPrefix(l, "powerha_actor_preflight_ready{") {
			b.WriteString(l)
		}
	}
	return b.String()
}

// prepared is what one premigrate came to.
type prepared struct {
	own           time.Duration // from the start of the script to its end, without the time in which it waited for a command
	acts, queries int
}

// premigrate calls the script as drmgr does.
func (n *node) premigrate(lpmctl string) prepared {
	n.t.Helper()
	start := time.Now()
	out, err := exec.Command(lpmctl, "--config.file="+n.cfg, "dr", "premigrate", "pmig").CombinedOutput()
	end := time.Now()
	if err != nil || !strings.Contains(string(out), "the node is unmanaged") {
		n.t.Fatalf("premigrate: %v, %s\n%s", err, out, n.stderr.String())
	}
	answered, took := n.journal()
	p := prepared{own: end.Sub(start) - took}
	var stop tooling
	waited := start // until then everything that was waited for is subtracted
	for _, c := range n.ran() {
		if c.began.Before(start) || c.began.After(answered) {
			continue
		}
		if c.act() {
			p.acts++
			stop = c
		} else {
			p.queries++
		}
		// After the stop only the read-back is waited for. The stop's own time is what the journal says.
		if stop.end.IsZero() && !c.act() || !stop.end.IsZero() && c.reads() {
			from, to := c.began, c.end
			if from.Before(waited) {
				from = waited
			}
			if to.After(from) {
				p.own -= to.Sub(from)
				waited = to
			}
		}
	}
	return p
}

// journal returns when the node was read back as unmanaged, for the answer follows at once, and how long the stop took
// from its launch to its end.
func (n *node) journal() (answered time.Time, took time.Duration) {
	n.t.Helper()
	b, err := os.ReadFile(filepath.Join(n.state(), "actor", journal.Name))
	if err != nil {
		n.t.Fatal(err)
	}
	for l := range strings.Lines(string(b)) {
		var r journal.Record
		if err := json.Unmarshal([]byte(l), &r); err != nil {
			n.t.Fatal(err)
		}
		switch r.Kind {
		case actor.KindEnded:
			var e command.Ended
			if err := json.Unmarshal(r.Data, &e); err != nil {
				n.t.Fatal(err)
			}
			took = e.Took
		case actor.KindReadBack:
			answered = r.Time
		}
	}
	if answered.IsZero() || took == 0 {
		n.t.Fatalf("no stop that was read back:\n%s", b)
	}
	return answered, took
}

// pki makes the certificates of two actors in dir.
func pki(b *testing.B, dir string) {
	b.Helper()
	save := func(name, kind string, der []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	must := func(err error) {
		if err != nil {
			b.Fatal(err)
		}
	}
	now := time.Now()
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(err)
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "actors"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, ca, ca, &caKey.PublicKey, caKey)
	must(err)
	save("ca.crt", "CERTIFICATE", der)
	for i, name := range []string{"n1", "n2"} {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		must(err)
		der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
			SerialNumber: big.NewInt(int64(i) + 2), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
			NotBefore: now.Add(-time.Hour), NotAfter: now.Add(time.Hour),
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth, x509.ExtKeyUsageServerAuth},
		}, ca, &key.PublicKey, caKey)
		must(err)
		save(name+".crt", "CERTIFICATE", der)
		der, err = x509.MarshalECPrivateKey(key)
		must(err)
		save(name+".key", "EC PRIVATE KEY", der)
	}
}

// build makes a program of the repository without the race detector, as it is shipped.
func build(b *testing.B, name string) string {
	b.Helper()
	out := filepath.Join(b.TempDir(), name)
	cmd := exec.Command("go", "build", "-trimpath", "-o", out, "../"+name)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, text)
	}
	return out
}

// startOf is what it costs on this machine, now, to start a shell that does nothing.
func startOf(b *testing.B) time.Duration {
	b.Helper()
	start := time.Now()
	if err := exec.Command("/bin/bash", "-c", ":").Run(); err != nil {
		b.Fatal(err)
	}
	return time.Since(start)
}

// milliseconds is the median: other work on the machine makes outliers.
func milliseconds(d []time.Duration) float64 {
	slices.Sort(d)
	return float64(d[len(d)/2].Microseconds()) / 1000
}

// BenchmarkPrepare is the time from premigrate to unmanaged that is our own: DR script, actor, journal. The node is
// fresh each time, with facts that are younger than fact_age, and a peer's actor stores the record. ns/op holds the
// commands too. start-ms/op tells how busy the machine is: own-ms/op holds two starts of a process, the script's
// and that of the read-back.
func BenchmarkPrepare(b *testing.B) {
	if _, err := os.Stat("/bin/bash"); err != nil {
		b.Skip("the timed commands are scripts of bash: ", err)
	}
	lpmctl := build(b, "lpmctl")
	certs, addr := b.TempDir(), map[string]string{"n1": freePort(b), "n2": freePort(b)}
	pki(b, certs)
	linked := func(name, peer, extra string) *node {
		stem := filepath.Join(certs, name)
		n := newNode(b, extra+fmt.Sprintf("actors:\n  listen_address: %q\n  targets: {%s: %q}\n  tls: {cert_file: %s.crt, key_file: %[4]s.key, ca_file: %s/ca.crt}\n",
			addr[name], peer, addr[peer], stem, certs))
		n.replace("node: n1", "node: "+name)
		n.replace("interval: 1s", "interval: 15s")
		n.tools(timed)
		n.start()
		return n
	}
	linked("n2", "n1", "")
	var own, starts []time.Duration
	var acts, queries int
	for b.Loop() {
		b.StopTimer()
		n := linked("n1", "n2", gated)
		n.settle()
		starts = append(starts, startOf(b))
		b.StartTimer()
		p := n.premigrate(lpmctl)
		b.StopTimer()
		n.kill()
		own = append(own, p.own)
		acts += p.acts
		queries += p.queries
		b.StartTimer()
	}
	rounds := float64(len(own))
	b.ReportMetric(milliseconds(own), "own-ms/op")
	b.ReportMetric(milliseconds(starts), "start-ms/op")
	b.ReportMetric(float64(acts+queries)/rounds, "commands/op")
	b.ReportMetric(float64(acts)/rounds, "acts/op")
	b.ReportMetric(float64(queries)/rounds, "queries/op")
}

// BenchmarkResident reports the memory of the running program after 1000 scrapes.
func BenchmarkResident(b *testing.B) {
	n := newNode(b, gated)
	n.start()
	n.settle()
	for b.Loop() {
		for range 1000 {
			n.get("/metrics")
		}
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", n.cmd.Process.Pid))
	if err != nil {
		b.Skip("no /proc: ", err)
	}
	for line := range strings.Lines(string(status)) {
		var kb float64
		if _, err := fmt.Sscanf(line, "VmRSS: %f kB", &kb); err == nil {
			b.ReportMetric(kb*1024, "resident-B")
		}
	}
}
