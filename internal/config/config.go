// Package config reads the one YAML file of all programs. Every key has a
// default, unknown keys are errors with their line, and an empty file observes
// and never acts.
package config

import "time"

// Config is the whole file.
type Config struct {
	Cluster      Cluster      `yaml:"cluster"`
	StateDir     string       `yaml:"state_dir"`
	Peers        Peers        `yaml:"peers"`
	Actors       Actors       `yaml:"actors"`
	Probes       []Probe      `yaml:"probes"`
	Variables    Variables    `yaml:"variables"`
	Migration    Migration    `yaml:"migration"`
	Confirmation Confirmation `yaml:"confirmation"`
	Failover     Failover     `yaml:"failover"`
	HMC          HMC          `yaml:"hmc"`
	Notify       Notify       `yaml:"notify"`

	// Hash is the SHA-256 of the file in hexadecimal, for powerha_config_info.
	Hash string `yaml:"-"`
	// Path is the file it was read from; "" means defaults alone.
	Path string `yaml:"-"`
}

// Cluster names the cluster and the commands of the product.
type Cluster struct {
	Name string `yaml:"name"`
	Node string `yaml:"node"`
	// Commands maps a tool's name to its absolute path and fixed leading arguments. Missing ones have the
	// product's own paths.
	Commands map[string]Argv `yaml:"commands"`
	// Sudo is what programs that do not run as root put before the tools that need root: path and arguments. A tool that
	// has arguments of its own in Commands keeps them and nothing is put before it.
	Sudo     Argv     `yaml:"sudo"`
	Interval Duration `yaml:"interval"`
	Timeout  Duration `yaml:"timeout"`
	Logs     Logs     `yaml:"logs"`
	// IfRestrict is CAA's list of interfaces that it does not use; "" reads none.
	IfRestrict string `yaml:"ifrestrict"`
}

// Logs are the files in which PowerHA tells of its events and of migrations; "" reads none. Of those that tell of events
// the first that can be read counts.
type Logs struct {
	ClusterLog string `yaml:"cluster_log"`
	HacmpOut   string `yaml:"hacmp_out"`
	// ClutilsLog and ClDRState are where PowerHA's own DR script tells of its phases and keeps what it found.
	ClutilsLog string `yaml:"clutils_log"`
	ClDRState  string `yaml:"cl_dr_state"`
}

// Argv is an absolute path, or a list: path and leading arguments.
type Argv []string

// Duration is a span in the notation of Prometheus: 15s, 10m, 1h30m.
type Duration time.Duration

// Peers are the exporters' heartbeats.
type Peers struct {
	ListenAddress string            `yaml:"listen_address"`
	KeyFile       string            `yaml:"key_file"`
	Targets       map[string]string `yaml:"targets"` // PowerHA node name: host:port
}

// Actors are the mutually authenticated links between actors.
type Actors struct {
	ListenAddress string            `yaml:"listen_address"`
	TLS           TLS               `yaml:"tls"`
	Targets       map[string]string `yaml:"targets"`
}

// TLS names the files of a mutually authenticated link.
type TLS struct {
	CertFile string `yaml:"cert_file"`
	KeyFile  string `yaml:"key_file"`
	CAFile   string `yaml:"ca_file"`
}

// Probe is one check of an application. It names an application or a resource group.
type Probe struct {
	Application   string   `yaml:"application"`
	ResourceGroup string   `yaml:"resource_group"`
	Name          string   `yaml:"name"`
	Type          string   `yaml:"type"` // tcp, http, process, exec, powerha_monitor
	Target        string   `yaml:"target"`
	Command       Argv     `yaml:"command"`
	Vantage       string   `yaml:"vantage"` // local (default), peer
	Interval      Duration `yaml:"interval"`
	Timeout       Duration `yaml:"timeout"`

	// Monitor names an application monitor of the cluster's configuration, for powerha_monitor; the rest is of it.
	Monitor string `yaml:"monitor"`
	// Wrapper is put before the monitor's own command, to run it as the right user.
	Wrapper Argv `yaml:"wrapper"`
	// Mode is startup, longrunning or both; "" goes by the monitor's own.
	Mode string `yaml:"mode"`
	// WhileManaged runs the monitor beside PowerHA's own copy, too.
	WhileManaged bool `yaml:"while_managed"`
}

// Variables says what to do with PowerHA's standing LPM settings.
type Variables struct {
	LPMPolicy                   string   `yaml:"lpm_policy"`
	HeartbeatFrequencyDuringLPM Duration `yaml:"heartbeat_frequency_during_lpm"`
	Apply                       string   `yaml:"apply"` // never, on_request, automatic
	Sync                        string   `yaml:"sync"`  // never, when_clean
}

// Migration is the actor's policy during one.
type Migration struct {
	Mode                 string   `yaml:"mode"`                  // observe, native, gated
	Preflight            string   `yaml:"preflight"`             // warn, enforce
	PrepareTimeout       Duration `yaml:"prepare_timeout"`       // advertised to drmgr as DR_TIMEOUT
	OnUnfinishedPrepare  string   `yaml:"on_unfinished_prepare"` // refuse, continue
	FactAge              Duration `yaml:"fact_age"`
	CheckExpires         Duration `yaml:"check_expires"`
	ProductScriptTimeout Duration `yaml:"product_script_timeout"`
	SuspensionDeadline   Duration `yaml:"suspension_deadline"`
	SLOWindowCap         Duration `yaml:"slo_window_cap"` // of one migration: what an availability may leave out at most
	OnUnhealthy          string   `yaml:"on_unhealthy"`   // hold, resume_to_recover
	Errpt                Errpt    `yaml:"errpt"`
	Witnesses            []string `yaml:"witnesses"`   // those of package episode that the exporter hears
	Sigreconfig          string   `yaml:"sigreconfig"` // acknowledge, observe, ignore
}

// Errpt names the entries of the error log that tell of a migration: labels or identifiers of eight hexadecimal digits,
// each with the resource that it has to have behind an @, if any.
type Errpt struct {
	Started []string `yaml:"started"`
	Done    []string `yaml:"done"`
	Aborted []string `yaml:"aborted"`
}

// Confirmation is the proof that is asked for before management is resumed.
type Confirmation struct {
	PrometheusURLs   []string          `yaml:"prometheus_urls"`
	Headers          map[string]string `yaml:"headers"`
	MinimumStable    Duration          `yaml:"minimum_stable"`
	MaximumSampleAge Duration          `yaml:"maximum_sample_age"`
}

// Failover is what a standby may do for a lost node.
type Failover struct {
	Mode         string       `yaml:"mode"` // off, approve
	ProofOfDeath ProofOfDeath `yaml:"proof_of_death"`
}

// ProofOfDeath is how a partition is proven to be off.
type ProofOfDeath struct {
	Command Argv     `yaml:"command"`
	Timeout Duration `yaml:"timeout"`
}

// HMC is how this node's partition is looked at from outside; without commands nobody is asked.
type HMC struct {
	// Commands maps the name of each HMC to what goes before the command that it is asked, as of ssh.
	Commands map[string]Argv `yaml:"commands"`
	// Systems are the managed systems on which the partition may be; none asks each HMC for all of its own.
	Systems   []string `yaml:"systems"`
	Partition string   `yaml:"partition"` // as the HMC lists it
	Interval  Duration `yaml:"interval"`  // between the end of a look and the next
	Timeout   Duration `yaml:"timeout"`   // of one command
}

// Notify is how people are told without Prometheus.
type Notify struct {
	Command Argv `yaml:"command"`
	Syslog  bool `yaml:"syslog"`
	Errlog  bool `yaml:"errlog"`
}
