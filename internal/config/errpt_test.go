package config

import (
	"testing"

	"powerha_lpm_exporter/internal/model"
)

func TestErrptKinds(t *testing.T) {
	own := Errpt{Started: []string{"MY_START@vio"}, Done: []string{"0A0B0C0D"}, Aborted: []string{"MY_ABORT"}}
	for name, tt := range map[string]struct {
		names Errpt
		entry model.ErrlogEntry
		want  model.EventKind
	}{
		"by label":                      {Errpt{}, model.ErrlogEntry{Label: "CLIENT_PMIG_STARTED"}, model.EventStarted},
		"by the newer identifier":       {Errpt{}, model.ErrlogEntry{Label: "X", ID: "159d686c"}, model.EventDone},
		"by the older one":              {Errpt{}, model.ErrlogEntry{Label: "X", ID: "5E075ADF"}, model.EventAborted},
		"by resource and description":   {Errpt{}, model.ErrlogEntry{Label: "X", ID: "1", Resource: "pmig", Description: "Client Partition Migration Completed"}, model.EventDone},
		"the description of another":    {Errpt{}, model.ErrlogEntry{Label: "X", Resource: "sys0", Description: "Client Partition Migration Completed"}, ""},
		"another language":              {Errpt{}, model.ErrlogEntry{Label: "X", Resource: "pmig", Description: "Migration beendet"}, ""},
		"nothing of it":                 {Errpt{}, model.ErrlogEntry{Label: "PARTID_CHANGE", ID: "60AFC9E5", Resource: "sys0"}, ""},
		"configured":                    {own, model.ErrlogEntry{Label: "MY_START", Resource: "vio"}, model.EventStarted},
		"configured, of another device": {own, model.ErrlogEntry{Label: "MY_START", Resource: "pmig"}, ""},
		"configured identifier":         {own, model.ErrlogEntry{Label: "Y", ID: "0A0B0C0D"}, model.EventDone},
		"no more by AIX's name":         {own, model.ErrlogEntry{Label: "CLIENT_PMIG_STARTED", Resource: "pmig"}, ""},
	} {
		if got := tt.names.Kind(tt.entry); got != tt.want {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}
