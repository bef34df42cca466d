package powerha

import (
	"strings"
	"time"

	"powerha_lpm_exporter/internal/model"
)

// parseErrlogSummary reads errpt without -a, or errpt -c, which prints entries as they come:
//
//	IDENTIFIER TIMESTAMP  T C RESOURCE_NAME  DESCRIPTION
//	A5E6DB96   0518141620 I S pmig           Client Partition Migration Completed
//
// Stamps are MMDDhhmmYY, in minutes; errpt is run with TZ=UTC0. There are neither labels nor sequence numbers, so entries
// are returned in the order printed, which is newest first but for -c. The resource and the description are told apart by
// white space, since columns may be collapsed.
func parseErrlogSummary(in *input) ([]model.ErrlogEntry, error) {
	entries := []model.ErrlogEntry{}
	for l := range in.lines() {
		f := strings.Fields(l.text)
		switch {
		case len(f) == 0:
			continue
		case f[0] == "IDENTIFIER":
			continue
		}
		if e, ok := summaryEntry(f); ok {
			entries = append(entries, e)
		} else {
			in.reject(l, "expected identifier, MMDDhhmmYY, type, class, resource and description")
		}
	}
	if len(entries) == 0 && in.r.Lines > 0 && in.r.Unparsed > 0 {
		return nil, in.notUnderstood("entry of the error log")
	}
	return entries, nil
}

func summaryEntry(f []string) (model.ErrlogEntry, bool) {
	if len(f) < 5 || len(f[0]) != 8 || strings.Trim(f[0], "0123456789ABCDEF") != "" || len(f[1]) != 10 ||
		len(f[2]) != 1 || len(f[3]) != 1 || !strings.Contains("PTIUN", f[2]) || !strings.Contains("HSOU", f[3]) {
		return model.ErrlogEntry{}, false
	}
	t, err := time.Parse("0102150406", f[1])
	if err != nil {
		return model.ErrlogEntry{}, false
	}
	return model.ErrlogEntry{ID: f[0], Time: t, Resource: clip(f[4]), Description: clip(strings.Join(f[5:], " "))}, true
}
