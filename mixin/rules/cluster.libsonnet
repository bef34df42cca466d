// Facts of the whole cluster are published by every node. Rules and people use
// these forms, one a cluster, and a count of the values told where nodes differ.
local lib = import '../lib/expr.libsonnet';

{
  local config = $._config,
  local e = lib(config),

  local gauge(name, agg) = {
    record: 'cluster:%s:%s' % [name, agg],
    expr: '%s by (cluster) (%s)' % [agg, e.select(name)],
  },
  local states(name, label) = {
    record: 'cluster:%s:max' % name,
    expr: 'max by (cluster, %s) (%s)' % [label, e.select(name)],
  },
  local differs(name, label) = {
    record: 'cluster:powerha_fact_values:count',
    expr: if label == '' then
      'count by (cluster) (count_values by (cluster) ("value", %s)) > 1' % e.select(name)
    else
      'count by (cluster) (count by (cluster, %s) (%s == 1)) > 1' % [label, e.select(name)],
    labels: { fact: name },
  },

  prometheusRules+:: {
    groups+: [{
      name: 'powerha-cluster',
      interval: e.span(config.ruleInterval),
      rules: [
        states('powerha_cluster_state', 'state'),
        states('powerha_lpm_policy', 'policy'),
        gauge('powerha_cluster_unsynced_changes', 'max'),
        gauge('powerha_lpm_heartbeat_frequency_seconds', 'min'),
        gauge('powerha_heartbeat_frequency_seconds', 'min'),
        gauge('powerha_grace_period_seconds', 'min'),
        differs('powerha_lpm_policy', 'policy'),
        differs('powerha_cluster_unsynced_changes', ''),
        differs('powerha_lpm_heartbeat_frequency_seconds', ''),
        differs('powerha_heartbeat_frequency_seconds', ''),
        differs('powerha_grace_period_seconds', ''),
      ],
    }],
  },

  prometheusAlerts+:: {
    groups+: [{
      name: 'powerha-facts',
      interval: e.span(config.ruleInterval),
      rules: [
        e.alert(
          'PowerHAClusterFactsDisagree',
          'cluster:powerha_fact_values:count',
          config.disagreeFor,
          config.warningSeverity,
          'The nodes of cluster {{ $labels.cluster }} tell different values of {{ $labels.fact }}.',
          'Exporters publish {{ $value }} different values of {{ $labels.fact }} for the same cluster. A synchronisation is missing, or one exporter is stale.',
        ),
      ],
    }],
  },
}
