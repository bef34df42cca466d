package config

import "time"

// D returns the duration as the standard library has it.
func (d Duration) D() time.Duration { return time.Duration(d) }

// String writes it in the notation of the file.
func (d Duration) String() string { return durationText(d.D()) }

// MarshalText writes it in the notation of the file, in JSON and YAML alike.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads the notation of the file.
func (d *Duration) UnmarshalText(b []byte) error {
	v, err := parseDuration(string(b))
	if err != nil {
		return err
	}
	*d = Duration(v)
	return nil
}

// Argvs returns the configured commands as plain lists.
func (c *Config) Argvs() map[string][]string {
	m := make(map[string][]string, len(c.Cluster.Commands))
	for tool, argv := range c.Cluster.Commands {
		m[tool] = argv
	}
	return m
}
