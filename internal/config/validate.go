package config

import (
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Validate looks for values that are out of range and for contradictions. It
// reads no file but the configuration's own values.
func (c *Config) Validate() Problems {
	v := validator{}
	v.cluster(c)
	v.network(c)
	v.probes(c)
	v.variables(c)
	v.migration(c)
	v.witnesses(c)
	v.confirmation(c)
	v.failover(c)
	v.hmc(c.HMC)
	v.argv("notify.command", c.Notify.Command)
	v.gated(c)
	return v.problems
}

type validator struct{ problems Problems }

func (v *validator) say(key, format string, a ...any) {
	v.problems = append(v.problems, Problem{Key: key, Text: fmt.Sprintf(format, a...)})
}

func (v *validator) word(key, got string, want ...string) {
	if !slices.Contains(want, got) {
		v.say(key, "%q is not one of: %s", got, strings.Join(want, ", "))
	}
}

func (v *validator) positive(key string, d Duration) {
	if d <= 0 {
		v.say(key, "must be longer than 0")
	}
}

func (v *validator) argv(key string, a Argv) {
	if len(a) == 0 {
		return
	}
	if !filepath.IsAbs(a[0]) {
		v.say(key, "%q is no absolute path; commands are never searched for", a[0])
	}
	for _, arg := range a {
		if strings.ContainsRune(arg, 0) {
			v.say(key, "holds a NUL byte")
			return
		}
	}
}

func (v *validator) name(key, s string) {
	if strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		v.say(key, "%q holds a space or a control character; write the name as `clmgr query` prints it", s)
	}
}

func (v *validator) cluster(c *Config) {
	v.name("cluster.name", c.Cluster.Name)
	v.name("cluster.node", c.Cluster.Node)
	for _, tool := range sorted(c.Cluster.Commands) {
		key := "cluster.commands." + tool
		if argv := c.Cluster.Commands[tool]; len(argv) == 0 {
			v.say(key, "is empty; write an absolute path, or leave the key out for the product's own")
		} else {
			v.argv(key, argv)
		}
	}
	v.argv("cluster.sudo", c.Cluster.Sudo)
	for key, path := range map[string]string{
		"cluster_log": c.Cluster.Logs.ClusterLog, "hacmp_out": c.Cluster.Logs.HacmpOut,
		"clutils_log": c.Cluster.Logs.ClutilsLog, "cl_dr_state": c.Cluster.Logs.ClDRState,
	} {
		if path != "" && !filepath.IsAbs(path) {
			v.say("cluster.logs."+key, "%q is no absolute path; write one, or \"\" to read none", path)
		}
	}
	if p := c.Cluster.IfRestrict; p != "" && !filepath.IsAbs(p) {
		v.say("cluster.ifrestrict", "%q is no absolute path; write one, or \"\" to read none", p)
	}
	v.positive("cluster.interval", c.Cluster.Interval)
	v.positive("cluster.timeout", c.Cluster.Timeout)
	if !filepath.IsAbs(c.StateDir) || filepath.Clean(c.StateDir) == "/" {
		v.say("state_dir", "%q is no absolute path of a folder of its own", c.StateDir)
	}
}

func (v *validator) network(c *Config) {
	v.address("peers.listen_address", c.Peers.ListenAddress, true)
	v.address("actors.listen_address", c.Actors.ListenAddress, true)
	for key, targets := range map[string]map[string]string{"peers.targets": c.Peers.Targets, "actors.targets": c.Actors.Targets} {
		for _, node := range sorted(targets) {
			v.name(key+"."+node, node)
			v.address(key+"."+node, targets[node], false)
			if node == c.Cluster.Node && node != "" {
				v.say(key+"."+node, "is this node itself (cluster.node); list the other nodes")
			}
		}
	}
	slices.SortFunc(v.problems, func(a, b Problem) int { return strings.Compare(a.Key, b.Key) })
	if len(c.Peers.Targets) > 0 && c.Peers.KeyFile == "" {
		v.say("peers.key_file", "is empty, but peers.targets has nodes; heartbeats are authenticated by a shared key: head -c 32 /dev/urandom > FILE, the same on all nodes")
	}
	t := c.Actors.TLS
	if len(c.Actors.Targets) > 0 && (t.CertFile == "" || t.KeyFile == "" || t.CAFile == "") {
		v.say("actors.tls", "needs cert_file, key_file and ca_file, since actors.targets has nodes; the link is mutually authenticated")
	}
	for key, f := range map[string]string{"peers.key_file": c.Peers.KeyFile, "actors.tls.cert_file": t.CertFile, "actors.tls.key_file": t.KeyFile, "actors.tls.ca_file": t.CAFile} {
		if f != "" && !filepath.IsAbs(f) {
			v.say(key, "%q is no absolute path", f)
		}
	}
}

func (v *validator) address(key, a string, listen bool) {
	host, port, err := net.SplitHostPort(a)
	if err != nil || port == "" || host == "" && !listen {
		want := "host:port"
		if listen {
			want = "[host]:port"
		}
		v.say(key, "%q is not %s", a, want)
	}
}

func (v *validator) probes(c *Config) {
	seen := map[string]bool{}
	for i, p := range c.Probes {
		key := fmt.Sprintf("probes[%d]", i)
		if p.Name == "" {
			v.say(key+".name", "is missing; it becomes the label `probe`")
		}
		if p.Application == "" && p.ResourceGroup == "" {
			v.say(key, "names neither an application nor a resource_group")
		}
		id := p.Application + "/" + p.ResourceGroup + "/" + p.Name + "/" + p.Vantage
		if seen[id] {
			v.say(key+".name", "%q stands twice for the same application and vantage; give it another name", p.Name)
		}
		seen[id] = true
		v.probe(key, p)
		v.monitor(key, p)
		if p.Monitor != "" && seen["monitor "+p.Monitor] {
			v.say(key+".monitor", "%q stands twice; two copies of one monitor would run at once: keep one probe for it", p.Monitor)
		}
		seen["monitor "+p.Monitor] = true
	}
}

func (v *validator) probe(key string, p Probe) {
	switch p.Type {
	case "tcp":
		v.address(key+".target", p.Target, false)
	case "http":
		if u, err := url.Parse(p.Target); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			v.say(key+".target", "%q is no http:// or https:// address", p.Target)
		}
	case "process":
		if p.Target == "" {
			v.say(key+".target", "is empty; write the name of the process as ps prints it")
		}
	case "exec":
		if len(p.Command) == 0 {
			v.say(key+".command", "is empty; a probe of type exec needs one")
		}
		v.argv(key+".command", p.Command)
	case "powerha_monitor":
		if p.Monitor == "" {
			v.say(key+".monitor", "is missing; name the application monitor as `clmgr query application_monitor` prints it")
		}
		if p.Target != "" {
			v.say(key+".target", "means nothing for type powerha_monitor; what is asked stands in the cluster's configuration")
		}
	default:
		v.word(key+".type", p.Type, "tcp", "http", "process", "exec", "powerha_monitor")
	}
	if p.Type != "exec" && len(p.Command) > 0 {
		v.say(key+".command", "means nothing for type %s; remove it or use type exec", p.Type)
	}
	if p.Vantage != "" {
		v.word(key+".vantage", p.Vantage, "local", "peer")
	}
	if p.Vantage == "peer" && (p.Type == "process" || p.Type == "exec" || p.Type == "powerha_monitor") {
		v.say(key+".vantage", "a peer cannot see a %s of this node; use type tcp or http", p.Type)
	}
	if p.Interval < 0 || p.Timeout < 0 {
		v.say(key, "interval and timeout must be longer than 0")
	}
	if p.Interval > 0 && p.Timeout > p.Interval {
		v.say(key+".timeout", "%s is longer than the interval of %s; a probe must end before its next run", p.Timeout, p.Interval)
	}
}

// monitor judges the keys that are of type powerha_monitor alone.
func (v *validator) monitor(key string, p Probe) {
	if p.Type == "powerha_monitor" {
		v.name(key+".monitor", p.Monitor)
		v.argv(key+".wrapper", p.Wrapper)
		if p.Mode != "" {
			v.word(key+".mode", p.Mode, "startup", "longrunning", "both")
		}
		return
	}
	for _, k := range []struct {
		name string
		set  bool
	}{{"monitor", p.Monitor != ""}, {"wrapper", len(p.Wrapper) > 0}, {"mode", p.Mode != ""}, {"while_managed", p.WhileManaged}} {
		if k.set {
			v.say(key+"."+k.name, "means nothing for type %s; remove it or use type powerha_monitor", p.Type)
		}
	}
}

func (v *validator) variables(c *Config) {
	v.word("variables.lpm_policy", c.Variables.LPMPolicy, "unmanage", "manage")
	// HEARTBEAT_FREQUENCY_DURING_LPM: 10–600 s, clmgr(1) of PowerHA 7.2.
	if d := c.Variables.HeartbeatFrequencyDuringLPM.D(); d < 10*time.Second || d > 600*time.Second || d%time.Second != 0 {
		v.say("variables.heartbeat_frequency_during_lpm", "%s is outside 10s to 600s in whole seconds, which PowerHA takes", Duration(d))
	}
	v.word("variables.apply", c.Variables.Apply, "never", "on_request", "automatic")
	v.word("variables.sync", c.Variables.Sync, "never", "when_clean")
}

func (v *validator) migration(c *Config) {
	m := c.Migration
	v.word("migration.mode", m.Mode, "observe", "native", "gated")
	v.word("migration.preflight", m.Preflight, "warn", "enforce")
	v.word("migration.on_unfinished_prepare", m.OnUnfinishedPrepare, "refuse", "continue")
	v.word("migration.on_unhealthy", m.OnUnhealthy, "hold", "resume_to_recover")
	for _, d := range []struct {
		key string
		d   Duration
	}{
		{"fact_age", m.FactAge},
		{"check_expires", m.CheckExpires},
		{"product_script_timeout", m.ProductScriptTimeout},
		{"suspension_deadline", m.SuspensionDeadline},
	} {
		v.positive("migration."+d.key, d.d)
	}
	if m.SLOWindowCap < 0 || m.SLOWindowCap.D() > 24*time.Hour {
		v.say("migration.slo_window_cap", "%s is outside 0s to 24h: it is what one migration may leave out of an application's availability; 30m is usual, 0s leaves nothing out", m.SLOWindowCap)
	}
	if m.PrepareTimeout.D() < 10*time.Second {
		v.say("migration.prepare_timeout", "%s leaves no time: 5 s of it are kept back, and stopping a node takes a minute; 300s is usual", m.PrepareTimeout)
	}
	if m.SuspensionDeadline > 0 && m.SuspensionDeadline < m.PrepareTimeout {
		v.say("migration.suspension_deadline", "%s is shorter than migration.prepare_timeout (%s), so every suspension could end overdue; make it longer", m.SuspensionDeadline, m.PrepareTimeout)
	}
}

func (v *validator) confirmation(c *Config) {
	for i, u := range c.Confirmation.PrometheusURLs {
		key := fmt.Sprintf("confirmation.prometheus_urls[%d]", i)
		p, err := url.Parse(u)
		switch {
		case err != nil || p.Host == "" || p.Scheme != "http" && p.Scheme != "https":
			v.say(key, "%q is no http:// or https:// address", u)
		case p.User != nil:
			v.say(key, "holds a user or password; secrets come from files: headers: {Authorization: \"@/path/to/file\"}")
		}
	}
	for _, h := range sorted(c.Confirmation.Headers) {
		key, val := "confirmation.headers."+h, c.Confirmation.Headers[h]
		path, isFile := strings.CutPrefix(val, "@")
		switch {
		case isFile && !filepath.IsAbs(path):
			v.say(key, "%q is no absolute path of a file", path)
		case !isFile && secretHeader(h):
			v.say(key, "holds a secret in plain; put it into a file (mode 0600) and write \"@/path/to/file\"")
		case strings.ContainsAny(val, "\r\n"):
			v.say(key, "holds a line break")
		}
	}
	v.positive("confirmation.minimum_stable", c.Confirmation.MinimumStable)
	v.positive("confirmation.maximum_sample_age", c.Confirmation.MaximumSampleAge)
}

func secretHeader(h string) bool {
	h = strings.ToLower(h)
	for _, word := range []string{"authorization", "cookie", "token", "key", "secret", "password"} {
		if strings.Contains(h, word) {
			return true
		}
	}
	return false
}

func (v *validator) failover(c *Config) {
	switch c.Failover.Mode {
	case "automatic":
		v.say("failover.mode", "automatic is not available yet; use approve (an operator attests that the node is off) or off")
	default:
		v.word("failover.mode", c.Failover.Mode, "off", "approve")
	}
	v.argv("failover.proof_of_death.command", c.Failover.ProofOfDeath.Command)
	v.positive("failover.proof_of_death.timeout", c.Failover.ProofOfDeath.Timeout)
}

// gated needs a second opinion and something to judge health by.
func (v *validator) gated(c *Config) {
	if c.Migration.Mode != "gated" {
		return
	}
	if len(c.Confirmation.PrometheusURLs) == 0 {
		v.say("migration.mode", "gated needs confirmation.prometheus_urls: management is resumed only when Prometheus confirms health; name a server, or use native")
	}
	if !slices.ContainsFunc(c.Probes, func(p Probe) bool { return p.Vantage == "" || p.Vantage == "local" }) {
		v.say("migration.mode", "gated needs a local probe of every application: without one its health cannot be confirmed; add probes, or use native")
	}
	for i, p := range c.Probes {
		if p.Vantage != "peer" && p.Interval >= c.Confirmation.MaximumSampleAge && c.Confirmation.MaximumSampleAge > 0 {
			v.say(fmt.Sprintf("probes[%d].interval", i), "%s is not below confirmation.maximum_sample_age (%s), so with mode gated no answer is young enough; shorten it",
				p.Interval, c.Confirmation.MaximumSampleAge)
		}
	}
	if c.Variables.LPMPolicy != "unmanage" {
		v.say("variables.lpm_policy", "%s contradicts migration.mode gated, which keeps unmanage as its net", c.Variables.LPMPolicy)
	}
}

func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
