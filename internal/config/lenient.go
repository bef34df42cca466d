package config

import (
	"bytes"
	"os"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"
)

// LoadLenient is for the DR script, which must work whatever the file holds: it
// returns the configuration and, beside it, what Load would have refused. A
// section that is wrong has its defaults.
func LoadLenient(path string, explicit bool) (*Config, error) {
	c, err := Load(path, explicit)
	if err == nil {
		return c, nil
	}
	c = Default()
	problems, ok := err.(Problems) //nolint:errorlint // Load returns it unwrapped
	if !ok {
		return c, err // it could not be read, or is not to be trusted
	}
	b, readErr := os.ReadFile(path)
	if readErr != nil {
		return c, err
	}
	var doc yaml.Node
	if yaml.NewDecoder(bytes.NewReader(b)).Decode(&doc) != nil {
		return c, err
	}
	d := decoder{file: path, lines: map[string]int{}}
	d.value(&doc, reflect.ValueOf(c).Elem(), "")
	for _, p := range append(problems, c.Validate()...) {
		c.reset(p.Key)
	}
	c.Path, c.Hash = path, hash(b)
	return c, err
}

// reset gives the section of the key its defaults.
func (c *Config) reset(key string) {
	section, _, _ := strings.Cut(key, ".")
	section, _, _ = strings.Cut(section, "[")
	v, def := reflect.ValueOf(c).Elem(), reflect.ValueOf(Default()).Elem()
	for i := range v.NumField() {
		if v.Type().Field(i).Tag.Get("yaml") == section && section != "-" {
			v.Field(i).Set(def.Field(i))
		}
	}
}
