// Facts of the whole cluster are published by every node. Rules and people use
// these forms, one a cluster, and a count of the values told where nodes differ.
local lib = import '../lib/expr.libsonnet';

{
  local config = $._config,
  local e = lib(config),
  // What each node last told: a frozen one still has an opinion.
  local last(name) = 'last_over_time(%s[%s])' % [e.select(name), e.span(config.factMemory)],

  local gauge(name, agg) = {
    record: 'cluster:%s:%s' % [name, agg],
    expr: '%s by (%s) (%s)' % [agg, e.c, last(name)],
  },
  local states(name, label) = {
    record: 'cluster:%s:max' % name,
    expr: 'max by (%s, %s) (%s)' % [e.c, label, last(name)],
  },
  local differs(name, label) = {
    record: 'cluster:powerha_fact_values:count',
    expr: if label == '' then
      e.q('count by (%(c)s) (count_values by (%(c)s) ("value", %(last)s)) > 1', { last: last(name) })
    else
      e.q('count by (%(c)s) (count by (%(c)s, %(label)s) (%(last)s == 1)) > 1', { label: label, last: last(name) }),
    labels: { fact: name },
  },

  prometheusRules+:: {
    groups+: [{
      name: 'powerha-cluster',
      interval: e.span(config.slowInterval),
      rules: [
        states('powerha_cluster_state', 'state'),
        states('powerha_lpm_policy', 'policy'),
        states('powerha_variable_drift', 'variable'),
        gauge('powerha_cluster_unsynced_changes', 'max'),
        gauge('powerha_lpm_heartbeat_frequency_seconds', 'min'),
        gauge('powerha_heartbeat_frequency_seconds', 'min'),
        gauge('powerha_grace_period_seconds', 'min'),
        gauge('powerha_network_failure_detection_seconds', 'min'),
        differs('powerha_lpm_policy', 'policy'),
        differs('powerha_cluster_unsynced_changes', ''),
        differs('powerha_lpm_heartbeat_frequency_seconds', ''),
        differs('powerha_heartbeat_frequency_seconds', ''),
        differs('powerha_grace_period_seconds', ''),
        differs('powerha_network_failure_detection_seconds', ''),
      ],
    }],
  },
}
