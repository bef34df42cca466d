package render

import (
	"log/slog"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"
)

func TestRulesAreScaledAndValid(t *testing.T) {
	text, err := Rules("../../../mixin", map[string]any{"gateWindow": 2.5, "ruleInterval": 0.5, "scrapeInterval": 0.5})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"[2500ms]", `"interval": "500ms"`, "vector(2.5)"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("the scaled rules lack %s", want)
		}
	}
	_, errs := rulefmt.Parse(text, false, model.UTF8Validation, parser.NewParser(parser.Options{}), slog.New(slog.DiscardHandler))
	for _, err := range errs {
		t.Error(err)
	}
}

func TestAnUnknownFolderIsNamed(t *testing.T) {
	if _, err := Rules("/nonexistent", nil); err == nil || !strings.Contains(err.Error(), "/nonexistent") {
		t.Errorf("got %v", err)
	}
}

func TestAnOverrideThatConfigHasNotIsNamed(t *testing.T) {
	if _, err := Rules("../../../mixin", map[string]any{"gateWindows": 2}); err == nil || !strings.Contains(err.Error(), "gateWindows") {
		t.Errorf("got %v", err)
	}
}
