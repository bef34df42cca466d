package panels

import (
	"fmt"
	"regexp"
	"strconv"
	"time"
)

// fill puts values in the place of variables: $name, ${name}, ${name:format}, [[name]], and Grafana's own spans. A variable
// that has none is an error. $1 is not Grafana's but label_replace's.
func fill(expr string, values map[string]string, span, step time.Duration) (string, error) {
	seconds := strconv.FormatInt(int64(span.Seconds()), 10)
	all := map[string]string{
		"__range": seconds + "s", "__range_s": seconds, "__range_ms": seconds + "000",
		"__interval": step.String(), "__interval_ms": strconv.FormatInt(step.Milliseconds(), 10),
		"__rate_interval": (4 * step).String(),
	}
	for name, value := range values {
		all[name] = value
	}
	var unknown []string
	variable := regexp.MustCompile(`\$\{(\w+)(?::\w+)?\}|\$([A-Za-z_]\w*)|\[\[(\w+)\]\]`)
	out := variable.ReplaceAllStringFunc(expr, func(found string) string {
		m := variable.FindStringSubmatch(found)
		name := m[1] + m[2] + m[3]
		if _, err := strconv.Atoi(name); err == nil {
			return found // ${1}
		}
		value, ok := all[name]
		if !ok {
			unknown = append(unknown, name)
		}
		return value
	})
	if len(unknown) > 0 {
		return "", fmt.Errorf("variables without a value: %v", unknown)
	}
	return out, nil
}
