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
func (c *Config) Argvs() map[string][]string { return plain(c.Cluster.Commands) }

// Argvs returns what goes before a command of each HMC as plain lists.
func (h HMC) Argvs() map[string][]string { return plain(h.Commands) }

func plain(commands map[string]Argv) map[string][]string {
	m := make(map[string][]string, len(commands))
	for name, argv := range commands {
		m[name] = argv
	}
	return m
}
