package powerha

import (
	"os"
	"strings"
	"testing"

	"powerha_lpm_exporter/internal/model"
)

// docs/sources.md names every source with its command.
func TestSourcesAreDocumented(t *testing.T) {
	b, err := os.ReadFile("../../docs/sources.md")
	if err != nil {
		t.Fatal(err)
	}
	deciding, informing := Sources()
	parts := strings.SplitN(string(b), "## Sources that inform", 2)
	if len(parts) != 2 {
		t.Fatal("the two parts are not there")
	}
	for i, list := range [...][]model.Source{deciding, informing} {
		for _, s := range list {
			command := Command(s)
			if s == model.SourceFaults {
				command = "errpt -a -j BC3BE5A3,…"
			}
			if row := "| `" + string(s) + "` | `" + command + "` |"; !strings.Contains(parts[i], row) {
				t.Errorf("docs/sources.md has no row %s in its part %d", row, i+1)
			}
		}
	}
	for _, s := range everySource() {
		if mayBeEmpty(s) && !strings.Contains(string(b), "`"+string(s)+"`") {
			t.Errorf("%s may be empty, which is not told", s)
		}
	}
}
