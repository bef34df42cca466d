package config

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"powerha_lpm_exporter/internal/episode"
	"powerha_lpm_exporter/internal/sigreconfig"
)

// DefaultPath is where all programs look for the file unless told otherwise.
const DefaultPath = "/etc/powerha_lpm/config.yml"

// maxFile is the largest configuration that is read.
const maxFile = 1 << 20

// Default returns the configuration of an empty file: it observes and never acts.
func Default() *Config {
	return &Config{
		Cluster: Cluster{
			Interval: seconds(15), Timeout: seconds(10),
			Logs: Logs{
				ClusterLog: "/var/hacmp/adm/cluster.log", HacmpOut: "/var/hacmp/log/hacmp.out",
				ClutilsLog: "/var/hacmp/log/clutils.log", ClDRState: "/var/hacmp/cl_dr.state",
			},
			IfRestrict: "/etc/cluster/ifrestrict",
		},
		StateDir: "/var/powerha_lpm",
		Peers:    Peers{ListenAddress: ":10983", KeyFile: "/etc/powerha_lpm/peer.key"},
		Actors:   Actors{ListenAddress: ":10984"},
		Variables: Variables{
			LPMPolicy: "unmanage", HeartbeatFrequencyDuringLPM: seconds(120), Apply: "on_request", Sync: "when_clean",
		},
		Migration: Migration{
			Mode: "observe", Preflight: "warn", PrepareTimeout: seconds(300), OnUnfinishedPrepare: "refuse",
			FactAge: seconds(30), CheckExpires: seconds(15 * 60), ProductScriptTimeout: seconds(10 * 60),
			SuspensionDeadline: seconds(30 * 60), SLOWindowCap: seconds(30 * 60), OnUnhealthy: "hold",
			// Identifiers changed at AIX 7200-05-04; labels are those of <sys/errids.h>.
			Errpt: Errpt{
				Started: []string{"CLIENT_PMIG_STARTED", "08917DC6", "F2646817"},
				Done:    []string{"CLIENT_PMIG_DONE", "A5E6DB96", "159D686C"},
				Aborted: []string{"CLIENT_PMIG_ABORTED", "5E075ADF"},
			},
			Witnesses: episode.Witnesses(), Sigreconfig: string(sigreconfig.Acknowledge),
		},
		Confirmation: Confirmation{MinimumStable: seconds(60), MaximumSampleAge: seconds(45)},
		Failover:     Failover{Mode: "approve", ProofOfDeath: ProofOfDeath{Timeout: seconds(30)}},
		HMC:          HMC{Interval: seconds(30), Timeout: seconds(20)},
		Notify:       Notify{Syslog: true, Errlog: true},
	}
}

func seconds(n int) Duration { return Duration(time.Duration(n) * time.Second) }

// Load reads the file. explicit says that a person named it: then its absence
// is an error, while an absent default file means defaults. The error, if any,
// is of type Problems when the file was read and is wrong.
func Load(path string, explicit bool) (*Config, error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) && !explicit {
		c := Default()
		c.Hash = hash(nil)
		return c, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w; name an existing file with --config.file, or write one with `lpmctl config init`", err)
	}
	defer f.Close()
	if err := trusted(f, os.Geteuid()); err != nil {
		return nil, err
	}
	b, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read configuration %s: %w", path, err)
	}
	if len(b) > maxFile {
		return nil, fmt.Errorf("read configuration %s: larger than 1 MiB; this is not a configuration of powerha_lpm", path)
	}
	return Parse(path, b)
}

func hash(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}
