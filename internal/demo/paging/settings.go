package paging

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/prometheus/common/model"
	"go.yaml.in/yaml/v3"
)

// slowest is the longest interval of a group of rules.
const slowest = 5 * time.Second

type object = map[string]any

// What Alertmanager waits for before it sends, instead of the example's spans.
const (
	groupWait     = "100ms"
	groupInterval = "1s"
)

// prometheusFile is the shipped example with the intervals of the test, targets from files and the test's Alertmanager. It
// returns the names of the jobs.
func (o Options) prometheusFile(example, alertmanager string) (text []byte, jobs []string, err error) {
	var file object
	if err := readYAML(example, &file); err != nil {
		return nil, nil, err
	}
	scrape, _ := file["scrape_configs"].([]any)
	for _, each := range scrape {
		job, ok := each.(object)
		name, named := job["job_name"].(string)
		if !ok || !named {
			return nil, nil, fmt.Errorf("%s: an entry of scrape_configs has no job_name", example)
		}
		delete(job, "static_configs")
		delete(job, "scrape_interval")
		job["scrape_timeout"] = span(o.ScrapeInterval)
		job["file_sd_configs"] = []object{{"files": []string{o.targets(name)}, "refresh_interval": "1s"}}
		jobs = append(jobs, name)
		if err := writeTargets(o.targets(name), nil); err != nil {
			return nil, nil, err
		}
	}
	if len(jobs) == 0 {
		return nil, nil, fmt.Errorf("%s: scrape_configs is missing", example)
	}
	file["global"] = object{"scrape_interval": span(o.ScrapeInterval), "evaluation_interval": span(o.RuleInterval)}
	file["rule_files"] = []string{filepath.Join(o.Dir, rulesName)}
	file["alerting"] = object{"alertmanagers": []object{{"static_configs": []object{{"targets": []string{alertmanager}}}}}}
	text, err = yaml.Marshal(file)
	return text, jobs, err
}

// alertmanagerFile is the shipped example with each receiver replaced by the recorder, and no waiting.
func alertmanagerFile(example, recorder string) ([]byte, error) {
	var file object
	if err := readYAML(example, &file); err != nil {
		return nil, err
	}
	var receivers []object
	given, _ := file["receivers"].([]any)
	for _, each := range given {
		r, _ := each.(object)
		name, ok := r["name"].(string)
		if !ok {
			return nil, fmt.Errorf("%s: a receiver has no name", example)
		}
		receivers = append(receivers, object{
			"name":            name,
			"webhook_configs": []object{{"url": "http://" + recorder + "/" + name, "send_resolved": false}},
		})
	}
	route, ok := file["route"].(object)
	if !ok {
		return nil, fmt.Errorf("%s: route is missing", example)
	}
	hasten(route)
	file["receivers"] = receivers
	delete(file, "global")
	delete(file, "templates")
	return yaml.Marshal(file)
}

// hasten shortens what a route and those below it wait for.
func hasten(route object) {
	delete(route, "repeat_interval")
	route["group_wait"], route["group_interval"] = groupWait, groupInterval
	below, _ := route["routes"].([]any)
	for _, each := range below {
		if r, ok := each.(object); ok {
			hasten(r)
		}
	}
}

// hastenGroups lets no group of rules be evaluated more rarely than slowest: those of the long SLO windows would not be in the
// time of a play.
func hastenGroups(rules []byte) ([]byte, error) {
	var file struct {
		Groups []object `json:"groups"`
	}
	if err := json.Unmarshal(rules, &file); err != nil {
		return nil, fmt.Errorf("read the rendered rules: %w", err)
	}
	for _, g := range file.Groups {
		text, _ := g["interval"].(string)
		d, err := model.ParseDuration(text)
		if err != nil {
			return nil, fmt.Errorf("interval of the group %v: %w", g["name"], err)
		}
		if time.Duration(d) > slowest {
			g["interval"] = span(slowest)
		}
	}
	return json.Marshal(file)
}

func readYAML(path string, into any) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read the shipped example: %w", err)
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// writeTargets replaces a file of targets whole, as Prometheus may read it at any time.
func writeTargets(path string, addresses []string) error {
	groups := []object{}
	if len(addresses) > 0 {
		groups = append(groups, object{"targets": addresses})
	}
	text, err := json.Marshal(groups)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", text, 0o600); err != nil {
		return fmt.Errorf("write the targets: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return fmt.Errorf("write the targets: %w", err)
	}
	return nil
}

func span(d time.Duration) string { return model.Duration(d).String() }
