package config

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Problem is one thing that is wrong with a configuration.
type Problem struct {
	File string `json:"file,omitempty"`
	Line int    `json:"line,omitempty"` // 0: the key does not stand in the file
	Key  string `json:"key,omitempty"`  // dotted path
	Text string `json:"text"`           // what is wrong and what to do
}

func (p Problem) Error() string {
	var b strings.Builder
	if p.File != "" {
		b.WriteString(p.File + ":")
		if p.Line > 0 {
			b.WriteString(strconv.Itoa(p.Line) + ":")
		}
		b.WriteByte(' ')
	}
	if p.Key != "" {
		b.WriteString(p.Key + ": ")
	}
	return b.String() + p.Text
}

// Problems is everything that is wrong with a configuration. As an error it is
// one line: the first problem and how many more there are.
type Problems []Problem

func (p Problems) Error() string {
	switch len(p) {
	case 0:
		return "no problem"
	case 1:
		return p[0].Error()
	}
	return fmt.Sprintf("%s (and %d more; `lpmctl config check` lists all)", p[0].Error(), len(p)-1)
}

// Parse reads and validates a configuration that stands in b. path is for messages.
func Parse(path string, b []byte) (*Config, error) {
	c := Default()
	c.Path, c.Hash = path, hash(b)
	d := decoder{file: path, lines: map[string]int{}}
	dec := yaml.NewDecoder(strings.NewReader(string(b)))
	var doc yaml.Node
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF): // empty, or comments alone
	case err != nil:
		return nil, Problems{d.syntax(err)}
	default:
		d.value(&doc, reflect.ValueOf(c).Elem(), "")
		if err := dec.Decode(&yaml.Node{}); !errors.Is(err, io.EOF) {
			d.problem(&yaml.Node{}, "", "more than one YAML document; keep one, without a second `---`")
		}
	}
	if len(d.problems) > 0 {
		return nil, d.problems
	}
	ps := c.Validate()
	for i := range ps {
		ps[i].File, ps[i].Line = path, d.line(ps[i].Key)
	}
	if len(ps) > 0 {
		return nil, ps
	}
	return c, nil
}

// decoder fills a struct from YAML nodes. It is stricter than yaml's own: unknown and repeated keys are errors, and
// every error has line and key.
type decoder struct {
	file     string
	lines    map[string]int // of every key that stands in the file
	problems Problems
}

var yamlLine = regexp.MustCompile(`^yaml: (?:line (\d+): )?`)

func (d *decoder) syntax(err error) Problem {
	text := err.Error()
	m := yamlLine.FindStringSubmatch(text)
	if m == nil {
		return Problem{File: d.file, Text: text}
	}
	n, _ := strconv.Atoi(m[1])
	return Problem{File: d.file, Line: n, Text: "not YAML: " + text[len(m[0]):] + "; check indentation (spaces, no tabs) and quotes"}
}

func (d *decoder) problem(n *yaml.Node, key, format string, a ...any) {
	d.problems = append(d.problems, Problem{File: d.file, Line: n.Line, Key: key, Text: fmt.Sprintf(format, a...)})
}

// line finds the line of a key, or of the nearest key above it.
func (d *decoder) line(key string) int {
	for key != "" {
		if n, ok := d.lines[key]; ok {
			return n
		}
		key = key[:max(0, strings.LastIndexAny(key, ".["))]
	}
	return 0
}

// value puts n into v. The depth of recursion is that of the configuration's types, whatever the file holds.
func (d *decoder) value(n *yaml.Node, v reflect.Value, key string) {
	switch n.Kind {
	case yaml.DocumentNode:
		d.value(n.Content[0], v, key)
		return
	case yaml.AliasNode:
		d.problem(n, key, "YAML aliases are not supported; write the value out")
		return
	case yaml.ScalarNode, yaml.SequenceNode, yaml.MappingNode:
	}
	if n.Kind == yaml.ScalarNode && n.Tag == "!!null" {
		return // `key:` alone keeps the default
	}
	switch {
	case v.Type() == reflect.TypeFor[Duration]():
		d.duration(n, v, key)
	case v.Type() == reflect.TypeFor[Argv]():
		d.argv(n, v, key)
	case v.Kind() == reflect.Struct:
		d.structure(n, v, key)
	case v.Kind() == reflect.Map:
		d.mapping(n, v, key)
	case v.Kind() == reflect.Slice:
		d.list(n, v, key)
	case v.Kind() == reflect.Bool:
		if n.Kind != yaml.ScalarNode || n.Tag != "!!bool" {
			d.problem(n, key, "%s is not true or false", show(n))
			return
		}
		v.SetBool(n.Value == "true" || n.Value == "True" || n.Value == "TRUE")
	default:
		if n.Kind != yaml.ScalarNode {
			d.problem(n, key, "%s stands where one word is expected", show(n))
			return
		}
		v.SetString(n.Value)
	}
}

func (d *decoder) structure(n *yaml.Node, v reflect.Value, key string) {
	fields := map[string]int{}
	names := make([]string, 0, v.NumField())
	for i := range v.NumField() {
		if tag := v.Type().Field(i).Tag.Get("yaml"); tag != "" && tag != "-" {
			fields[tag] = i
			names = append(names, tag)
		}
	}
	d.pairs(n, key, func(name string, k, val *yaml.Node) {
		i, ok := fields[name]
		if !ok {
			d.problem(k, join(key, name), "unknown key; %s", suggest(name, names))
			return
		}
		d.value(val, v.Field(i), join(key, name))
	})
}

func (d *decoder) mapping(n *yaml.Node, v reflect.Value, key string) {
	m := reflect.MakeMap(v.Type())
	d.pairs(n, key, func(name string, _, val *yaml.Node) {
		e := reflect.New(v.Type().Elem()).Elem()
		d.value(val, e, join(key, name))
		m.SetMapIndex(reflect.ValueOf(name), e)
	})
	v.Set(m)
}

func (d *decoder) pairs(n *yaml.Node, key string, each func(name string, k, v *yaml.Node)) {
	if n.Kind != yaml.MappingNode {
		d.problem(n, key, "%s stands where `key: value` lines are expected", show(n))
		return
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		k := n.Content[i]
		if k.Kind != yaml.ScalarNode {
			d.problem(k, key, "a key must be one word")
			continue
		}
		if line, ok := seen[k.Value]; ok {
			d.problem(k, join(key, k.Value), "stands twice (first in line %d); remove one", line)
			continue
		}
		seen[k.Value] = k.Line
		d.lines[join(key, k.Value)] = k.Line
		each(k.Value, k, n.Content[i+1])
	}
}

func (d *decoder) list(n *yaml.Node, v reflect.Value, key string) {
	if n.Kind != yaml.SequenceNode {
		d.problem(n, key, "%s is no list; write [%s] or one `- ` line each", show(n), n.Value)
		return
	}
	out := reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content))
	for i, item := range n.Content {
		k := fmt.Sprintf("%s[%d]", key, i)
		d.lines[k] = item.Line
		d.value(item, out.Index(i), k)
	}
	v.Set(out)
}

func (d *decoder) duration(n *yaml.Node, v reflect.Value, key string) {
	if n.Kind != yaml.ScalarNode {
		d.problem(n, key, "%s is no duration; write for instance 30s, 10m or 1h30m", show(n))
		return
	}
	dur, err := parseDuration(n.Value)
	if err != nil {
		d.problem(n, key, "%q is no duration; write for instance 30s, 10m or 1h30m", n.Value)
		return
	}
	v.SetInt(int64(dur))
}

func (d *decoder) argv(n *yaml.Node, v reflect.Value, key string) {
	var argv Argv
	switch n.Kind {
	case yaml.ScalarNode:
		argv = Argv{n.Value}
	case yaml.SequenceNode:
		for _, item := range n.Content {
			if item.Kind != yaml.ScalarNode {
				d.problem(item, key, "%s stands where an argument is expected", show(item))
				return
			}
			argv = append(argv, item.Value)
		}
	default:
		d.problem(n, key, "%s is no command; write an absolute path, or a list of path and leading arguments", show(n))
		return
	}
	v.Set(reflect.ValueOf(argv))
}

func join(key, name string) string {
	if key == "" {
		return name
	}
	return key + "." + name
}

func show(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a block of keys"
	case yaml.SequenceNode:
		return "a list"
	default:
		return strconv.Quote(n.Value)
	}
}
