// Settings of the cluster, of its monitors and of these programs that are not
// what somebody meant them to be.
local lib = import '../lib/expr.libsonnet';

{
  local config = $._config,
  local e = lib(config),

  prometheusAlerts+:: {
    groups+: [{
      name: 'powerha-settings',
      interval: e.span(config.slowInterval),
      rules: [
        e.alert(
          'PowerHAVariableDrift',
          'cluster:powerha_variable_drift:max == 1',
          config.variablesFor,
          config.warningSeverity,
          'Variable {{ $labels.variable }} of {{ $labels.cluster }} differs from what is configured.',
          'lpmctl variables show has both values. Somebody changed it, or a change of the actor has not been put back.',
          'fleet',
        ),
        e.alert(
          'PowerHAVariableDirty',
          // While a migration is under way the actor still needs it.
          e.held('PowerHAVariableDirty', e.q(|||
            (%(dirty)s == 1)
            unless on (%(cn)s) (%(unmanaged)s)
            unless on (%(cn)s) (powerha:node_migrating == 1)
          |||, {
            dirty: e.by('max', e.actor('powerha_actor_variables_dirty'), 'variable'),
            unmanaged: e.unmanaged(),
          }), 'variable', e.actorHeard()),
          config.variablesFor,
          config.warningSeverity,
          'The actor on {{ $labels.node }} of {{ $labels.cluster }} has not put {{ $labels.variable }} back.',
          'No migration is under way. lpmctl variables restore puts it back and synchronises.',
          'fleet',
        ),
        e.alert(
          'PowerHAUnsyncedChanges',
          'cluster:powerha_cluster_unsynced_changes:max == 1',
          config.unsyncedFor,
          config.warningSeverity,
          'Changes of the configuration of {{ $labels.cluster }} wait for a synchronisation.',
          'Until then the nodes may act on different settings, and a prepare is refused.',
          'fleet',
        ),
        e.alert(
          'PowerHAClusterFactsDisagree',
          'cluster:powerha_fact_values:count',
          config.disagreeFor,
          config.warningSeverity,
          'The nodes of cluster {{ $labels.cluster }} tell different values of {{ $labels.fact }}.',
          'Exporters publish {{ $value }} different values of {{ $labels.fact }} for the same cluster. A synchronisation is missing, or one exporter is stale.',
          'fleet',
        ),
        e.alert(
          'PowerHAConfigDiffers',
          e.q('count by (%(c)s) (count by (%(c)s, hash) (last_over_time(%(info)s[%(span)s]))) > 1', {
            info: e.select('powerha_config_info'),
            span: e.span(config.factMemory),
          }),
          config.configDiffersFor,
          config.warningSeverity,
          'The exporters of {{ $labels.cluster }} run with {{ $value }} different configuration files.',
          'One file serves all nodes: leave cluster.node empty and name every node in peers.targets. powerha_config_info shows which node differs.',
          'health',
        ),
        e.alert(
          'PowerHAVersionsDiffer',
          e.q('count by (%(c)s) (count by (%(c)s, version) (last_over_time(%(exporter)s[%(span)s]) or last_over_time(%(actor)s[%(span)s]))) > 1', {
            exporter: e.select('powerha_lpm_exporter_build_info'),
            actor: e.actor('powerha_lpm_actor_build_info'),
            span: e.span(config.factMemory),
          }),
          config.versionsDifferFor,
          config.infoSeverity,
          'Exporters and actors of {{ $labels.cluster }} are of {{ $value }} different versions.',
          'A roll-out stopped half way. Older ones lack series that rules read: their alerts cannot fire.',
          'health',
        ),
        e.alert(
          'PowerHAMonitorSuspended',
          e.held('PowerHAMonitorSuspended', e.q('(%(suspended)s == 1) and on (%(cn)s) (powerha:node_managed:last == 1)', {
            suspended: e.by('max', e.select('powerha_application_monitor_suspended'), 'application, monitor'),
          }), 'application, monitor'),
          config.monitorSuspendedFor,
          config.warningSeverity,
          "PowerHA's own monitor {{ $labels.monitor }} of {{ $labels.application }} is suspended on {{ $labels.node }} of {{ $labels.cluster }}.",
          'The node is managed, but PowerHA would not notice that this application fails.',
          'fleet',
        ),
      ],
    }],
  },
}
