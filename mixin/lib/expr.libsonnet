// Small helpers over strings of PromQL, bound to one _config.
function(config) {
  // A span in Prometheus's notation: whole seconds, else milliseconds.
  span(seconds)::
    if std.floor(seconds) == seconds then '%ds' % seconds
    else '%dms' % std.round(seconds * 1000),

  // name{selector, matchers}
  select(name, matchers=[], selector=config.selector)::
    local all = (if selector == '' then [] else [selector]) + matchers;
    if std.length(all) == 0 then name else '%s{%s}' % [name, std.join(',', all)],

  // The last known value within the memory, by node; agg says which one counts when several targets tell it.
  remembered(agg, name, matchers=[], selector=config.selector)::
    '%s by (cluster, node) (last_over_time(%s[%s]))' % [agg, self.select(name, matchers, selector), self.span(config.memory)],

  // The value now; the last known one only while the node's exporter gives no samples.
  known(agg, name)::
    '(%s by (cluster, node) (%s) or (%s unless on (cluster, node) %s))' % [agg, self.select(name), self.remembered(agg, name), self.heard()],

  // Nodes that were unmanaged when they were last heard.
  unmanaged():: '%s == 0' % self.remembered('min', 'powerha_node_managed'),

  // Nodes whose exporter gives samples now.
  heard():: 'count by (cluster, node) (%s)' % self.select('powerha_lpm_phase'),

  runbook(alert):: config.runbookURLPattern % std.asciiLower(alert),

  alert(name, expr, hold, severity, summary, description):: {
    alert: name,
    expr: expr,
    [if hold > 0 then 'for']: $.span(hold),
    labels: { severity: severity },
    annotations: { summary: summary, description: description, runbook_url: $.runbook(name) },
  },
}
