package powerha

import "powerha_lpm_exporter/internal/model"

// Argv is the whole command that answers a source, as it is run; nil for an unknown source.
func (c *Client) Argv(s model.Source) []string {
	q, ok := questionOf(s)
	if !ok {
		return nil
	}
	return c.command(q.tool, q.args...)
}
