package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/alecthomas/kingpin/v2"

	"powerha_lpm_exporter/internal/config"
)

func addConfig(app *kingpin.Application, t *tool, verbs map[string]func() int) {
	c := app.Command("config", "Write or check the configuration.")
	c.Command("check", "Check the configuration, list everything that is wrong, and say what it makes the programs do.")
	initCmd := c.Command("init", "Write a commented configuration that holds every default.")
	file := initCmd.Arg("file", "Where to write; - is the standard output. An existing file is not overwritten.").Default("-").String()
	verbs["config check"] = t.checkConfig
	verbs["config init"] = func() int { return t.initConfig(*file) }
}

func (t *tool) checkConfig() int {
	c, err := config.Load(t.configFile, t.configSet)
	var problems config.Problems
	if err != nil && !errors.As(err, &problems) {
		problems = config.Problems{{Text: err.Error()}}
	}
	if t.output == "json" {
		t.json(struct {
			OK       bool            `json:"ok"`
			Problems config.Problems `json:"problems"`
		}{len(problems) == 0, problems})
	} else {
		for _, p := range problems {
			fmt.Fprintln(t.stderr, p.Error())
		}
	}
	if len(problems) > 0 {
		return exitNo
	}
	if t.output == "text" {
		explain(t, c)
	}
	return exitOK
}

func explain(t *tool, c *config.Config) {
	where := c.Path
	if where == "" {
		where = t.configFile + " does not exist: the defaults apply"
	}
	fmt.Fprintf(t.stdout, "%s\nhash   %s\n", where, c.Hash)
	what := map[string]string{
		"observe": "watches and never acts",
		"native":  "watches, pages and judges; PowerHA's own script unmanages and resumes",
		"gated":   "the actor unmanages before the migration and resumes when health is confirmed",
	}[c.Migration.Mode]
	fmt.Fprintf(t.stdout, "mode   %s: %s\n", c.Migration.Mode, what)
	fmt.Fprintf(t.stdout, "probes %d, peers %d, peer actors %d, Prometheus servers %d\n",
		len(c.Probes), len(c.Peers.Targets), len(c.Actors.Targets), len(c.Confirmation.PrometheusURLs))
}

func (t *tool) initConfig(file string) int {
	if file == "-" {
		fmt.Fprint(t.stdout, config.Template)
		return exitOK
	}
	f, err := os.OpenFile(file, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return t.fail(exitNo, "%s exists and is not overwritten; name another file", file)
	}
	if err != nil {
		return t.fail(exitNo, "write configuration: %v", err)
	}
	_, err = f.WriteString(config.Template)
	if err = errors.Join(err, f.Close()); err != nil {
		return t.fail(exitNo, "write configuration: %v", err)
	}
	fmt.Fprintf(t.stdout, "wrote %s; check it with: lpmctl --config.file=%s config check\n", file, file)
	return exitOK
}
