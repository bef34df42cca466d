package bundle

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"powerha_lpm_exporter/internal/config"
	"powerha_lpm_exporter/internal/model"
	"powerha_lpm_exporter/internal/redact"
	"powerha_lpm_exporter/internal/selftest"
)

// Log is the end of a file that the program reads. Its name in the archive says nothing of the node.
type Log struct {
	Name string // "cluster.log"
	Text string
}

// Input is what goes into an archive.
type Input struct {
	Made              time.Time
	Program, OS, Arch string
	Node              string
	Phase             model.Phase
	Asked             []selftest.Asked
	Config            *config.Config
	Logs              []Log
	Rejected          []byte // the lines that the exporter kept, redacted by it; nil where they could not be had
	Hostname          string
	Hosts             string // hosts(5) of the node
	Notes             []string
}

// Make redacts everything and puts it together. The redactor knows the originals; they are not in the archive. It fails
// when a name is found that it should have replaced.
func Make(in *Input) (*Bundle, *redact.Redactor, error) {
	r := redact.New("")
	asked := reduced(in.Asked)
	judged := selftest.Judge(in.Node, asked, selftest.Checks(in.Node, in.Phase, asked))
	learn(r, in, asked)
	b := &Bundle{Files: make(map[string][]byte)}
	b.Manifest = Manifest{
		Format: Format, Made: in.Made.UTC(), Program: in.Program, OS: in.OS, Arch: in.Arch,
		Node: r.Text(in.Node), Phase: in.Phase, Version: judged.Version,
	}
	for _, n := range in.Notes {
		b.Manifest.Notes = append(b.Manifest.Notes, r.Text(n))
	}
	for i := range asked {
		b.addAsked(r, &asked[i])
	}
	for _, l := range in.Logs {
		b.Files["logs/"+l.Name] = []byte(r.Text(l.Text))
	}
	report, err := redactJSON(r, judged)
	if err != nil {
		return nil, nil, err
	}
	b.Files[reportName] = report
	text, err := configText(in.Config)
	if err != nil {
		return nil, nil, err
	}
	b.Files[configName] = []byte(r.Text(text))
	if in.Rejected != nil {
		b.Files[rejectedName] = []byte(r.Text(string(in.Rejected)))
	}
	list, err := listOf(r)
	if err != nil {
		return nil, nil, err
	}
	b.Files[replacedName] = list
	b.Files[readmeName] = []byte(readme(&b.Manifest, r))
	return b, r, b.check(r)
}

// check looks once more, in another way, for names that should be gone.
func (b *Bundle) check(r *redact.Redactor) error {
	manifest, err := json.Marshal(b.Manifest)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(b.Files)) {
		if kind, leak := r.Leak(string(b.Files[name])); leak && name != replacedName {
			return fmt.Errorf("the bundle is not written: a %s would have been left in its %s; report this without the bundle", kind, name)
		}
	}
	if kind, leak := r.Leak(string(manifest)); leak {
		return fmt.Errorf("the bundle is not written: a %s would have been left in its %s; report this without the bundle", kind, manifestName)
	}
	return nil
}

func (b *Bundle) addAsked(r *redact.Redactor, a *selftest.Asked) {
	m := Asked{
		Source: a.Source, Command: a.Command, At: a.Reading.At, Took: a.Reading.Took, Ran: a.Ran, Exit: a.Output.Exit,
		Truncated: a.Output.Truncated, TimedOut: a.Reading.TimedOut, Missing: a.Reading.Missing,
	}
	for _, arg := range a.Argv {
		m.Argv = append(m.Argv, r.Text(arg))
	}
	if a.Ran {
		stdout, stderr := outputNames(a.Source)
		b.Files[stdout], b.Files[stderr] = []byte(r.Text(string(a.Output.Stdout))), []byte(r.Text(string(a.Output.Stderr)))
	} else {
		m.Error = r.Text(a.Reading.Err)
	}
	b.Manifest.Asked = append(b.Manifest.Asked, m)
}

// learn takes in every name before the first is replaced. What says most of what a name is comes first.
func learn(r *redact.Redactor, in *Input, asked []selftest.Asked) {
	r.Learn(redact.Node, in.Node)
	for i := range asked {
		r.LearnReading(&asked[i].Reading)
	}
	for i := range asked {
		text := string(asked[i].Output.Stdout) + "\n" + string(asked[i].Output.Stderr)
		switch asked[i].Source {
		case model.SourceGroups, model.SourceOverrides, model.SourceGroupMonitors, model.SourceGroupPolicies:
			r.LearnRows(text)
		case model.SourceGroupNames:
			for _, w := range strings.Fields(string(asked[i].Output.Stdout)) {
				r.Learn(redact.Group, w)
			}
		default:
		}
		r.LearnText(text)
		for _, arg := range asked[i].Argv {
			if strings.HasPrefix(arg, "/") {
				r.LearnPath(arg)
			}
		}
	}
	for _, l := range in.Logs {
		r.LearnText(l.Text)
	}
	learnConfig(r, in.Config)
	r.Learn(redact.Host, in.Hostname)
	short, _, _ := strings.Cut(in.Hostname, ".")
	r.Learn(redact.Host, short)
	r.LearnHosts(in.Hosts)
}

// learnConfig takes in what the configuration names.
func learnConfig(r *redact.Redactor, c *config.Config) {
	r.Learn(redact.Cluster, c.Cluster.Name)
	r.Learn(redact.Node, c.Cluster.Node)
	for _, targets := range []map[string]string{c.Peers.Targets, c.Actors.Targets} {
		for _, node := range slices.Sorted(maps.Keys(targets)) {
			r.Learn(redact.Node, node)
			host, _, _ := strings.Cut(targets[node], ":")
			r.Learn(redact.Host, host)
		}
	}
	for i := range c.Probes {
		p := &c.Probes[i]
		r.Learn(redact.Application, p.Application)
		r.Learn(redact.Group, p.ResourceGroup)
	}
	for _, header := range slices.Sorted(maps.Keys(c.Confirmation.Headers)) {
		if v := c.Confirmation.Headers[header]; !strings.HasPrefix(v, "@/") {
			r.Learn(redact.Secret, v)
		}
	}
	r.Learn(redact.Partition, c.HMC.Partition)
	for _, s := range c.HMC.Systems {
		r.Learn(redact.Name, s)
	}
	for _, name := range slices.Sorted(maps.Keys(c.HMC.Commands)) {
		r.Learn(redact.Host, name)
		for _, arg := range c.HMC.Commands[name] {
			if user, host, ok := strings.Cut(arg, "@"); ok {
				r.Learn(redact.User, user)
				r.LearnHosts("0.0.0.0 " + host)
			}
		}
	}
	learnURLs(r, c)
}

// learnURLs takes in the hosts of URLs and targets, and the folders of commands.
func learnURLs(r *redact.Redactor, c *config.Config) {
	urls := slices.Clone(c.Confirmation.PrometheusURLs)
	commands := slices.Concat(c.Failover.ProofOfDeath.Command, c.Notify.Command)
	for i := range c.Probes {
		urls = append(urls, c.Probes[i].Target)
		commands = append(commands, slices.Concat(c.Probes[i].Command, c.Probes[i].Wrapper)...)
		r.Learn(redact.Monitor, c.Probes[i].Monitor)
	}
	for _, u := range urls {
		if _, rest, ok := strings.Cut(u, "://"); ok {
			u = rest
		}
		if _, rest, ok := strings.Cut(u, "@"); ok {
			u = rest
		}
		host, _, _ := strings.Cut(u, "/")
		host, _, _ = strings.Cut(host, ":")
		r.LearnHosts("0.0.0.0 " + host)
	}
	for _, arg := range commands {
		if strings.HasPrefix(arg, "/") {
			r.LearnPath(arg)
		}
	}
}

// configText is the configuration in force, without comments: they may hold anything.
func configText(c *config.Config) (string, error) {
	b, err := yaml.Marshal(c)
	if err != nil {
		return "", fmt.Errorf("write the configuration: %w", err)
	}
	return string(b), nil
}

// redactJSON writes a value with its texts redacted. The names of fields stay.
func redactJSON(r *redact.Redactor, v any) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var tree any
	if err := json.Unmarshal(b, &tree); err != nil {
		return nil, err
	}
	b, err = json.MarshalIndent(redactTree(r, tree), "", "  ")
	return append(b, '\n'), err
}

func redactTree(r *redact.Redactor, v any) any {
	switch v := v.(type) {
	case string:
		return r.Text(v)
	case []any:
		for i := range v {
			v[i] = redactTree(r, v[i])
		}
	case map[string]any:
		for k := range v {
			if k != "source" && k != "wins" && k != "other" {
				v[k] = redactTree(r, v[k])
			}
		}
	}
	return v
}

func listOf(r *redact.Redactor) ([]byte, error) {
	l := replaced{Counts: make(map[redact.Kind]int), Kept: r.Kept(), List: r.Replaced()}
	for _, x := range l.List {
		l.Counts[x.Kind]++
	}
	b, err := json.MarshalIndent(l, "", "  ")
	return append(b, '\n'), err
}

func readme(m *Manifest, r *redact.Redactor) string {
	var b strings.Builder
	fmt.Fprintf(&b, "What the commands of one node of a PowerHA cluster printed, made by lpmctl %s on %s/%s.\n\n", m.Program, m.OS, m.Arch)
	b.WriteString("manifest.json   which command, when, how long, how it ended\noutput/         what each printed\n" +
		"report.json     what was concluded\nconfig.yml      the configuration in force, without comments\n" +
		"rejected.json   lines that the exporter did not understand lately; its made-up names begin with x and are its own\n" +
		"logs/           the ends of PowerHA's logs\nreplaced.json   what stands in the place of other words\n\n" +
		"`lpmctl replay FILE` shows what a version of the program makes of it.\n\n")
	counts := make(map[redact.Kind]int)
	for _, x := range r.Replaced() {
		counts[x.Kind]++
	}
	b.WriteString("Replaced, each everywhere by the same:")
	for i, k := range slices.Sorted(maps.Keys(counts)) {
		if i > 0 {
			b.WriteString(",")
		}
		fmt.Fprintf(&b, " %d %s", counts[k], k)
	}
	b.WriteString(".\nA name that no command tells as one can be left in a line that nobody understands:\nread the files before you hand them on.\n")
	return b.String()
}
