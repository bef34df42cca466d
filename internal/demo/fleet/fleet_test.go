package fleet

import (
	"testing"
	"time"

	"powerha_lpm_exporter/internal/demo/ruleset"
)

func TestSmallFleet(t *testing.T) {
	set, err := ruleset.Load("../../../alerts")
	if err != nil {
		t.Fatal(err)
	}
	p := Part{Nodes: 100, Shards: 1, End: time.Date(2026, 11, 29, 0, 0, 0, 0, time.UTC)}
	res, err := Run(t.Context(), t.TempDir(), set, p, 4)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", res)
}
