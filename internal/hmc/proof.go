package hmc

import (
	"fmt"
	"time"

	"powerha_lpm_exporter/internal/model"
)

// Reason is why a partition is proven to be off, or not.
type Reason string

// The reasons.
const (
	ReasonOff       Reason = "not_activated_everywhere"
	ReasonNotWhole  Reason = "hmc_view_not_whole"
	ReasonStale     Reason = "hmc_view_too_old"
	ReasonNotListed Reason = "partition_not_listed"
	ReasonOn        Reason = "partition_not_off"
	ReasonMigrating Reason = "partition_migrating"
)

// Proof is the answer to whether a partition is powered off.
type Proof struct {
	Off    bool   `json:"off"`
	Reason Reason `json:"reason"`
	Detail string `json:"detail,omitempty"`
}

// PoweredOff says whether a view proves that the partition is off (S1): every
// managed system was asked, at least one lists it, and each that does says Not
// Activated and nothing of a migration. Error counts as on: such a partition
// still has to be powered off (fence_lpar of ClusterLabs, pull request 611).
// No answer, an old one, or a word that is not known is no proof.
func PoweredOff(v model.HMCView, now model.Instant, maxAge time.Duration) Proof {
	no := func(r Reason, format string, a ...any) Proof {
		return Proof{Reason: r, Detail: fmt.Sprintf(format, a...)}
	}
	age := now.Sub(v.At)
	switch {
	case v.Err != "":
		return no(ReasonNotWhole, "%s", v.Err)
	case v.At.IsZero() || age < 0 || age > maxAge:
		return no(ReasonStale, "asked %s ago, more than %s", age.Round(time.Second), maxAge)
	case len(v.Rows) == 0:
		return no(ReasonNotListed, "no managed system lists %s: check hmc.partition and hmc.systems", v.Partition)
	}
	for _, r := range v.Rows {
		if r.State != model.LPARNotActivated {
			return no(ReasonOn, "%s on %s is %s (%q)", v.Partition, r.System, r.State, r.RawState)
		}
		if r.Migration != model.HMCNotMigrating {
			return no(ReasonMigrating, "%s on %s: migration is %s (%q)", v.Partition, r.System, r.Migration, r.Raw)
		}
	}
	return Proof{Off: true, Reason: ReasonOff}
}
