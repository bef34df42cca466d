// Alerts about sight itself.
local lib = import '../lib/expr.libsonnet';

{
  local config = $._config,
  local e = lib(config),
  local success = e.select('powerha_exporter_collector_last_success_timestamp_seconds', ['collector=~"%s"' % config.gateCollectors]),

  prometheusAlerts+:: {
    groups+: [{
      name: 'powerha-monitoring',
      interval: e.span(config.ruleInterval),
      rules: [
        e.alert(
          'PowerHAWatchdog',
          'vector(1)',
          0,
          'none',
          'Always fires: proof that rules are evaluated and alerts delivered.',
          'Route it to a receiver that pages when it stops.',
        ),
        e.alert(
          'PowerHAMonitoringBlind',
          |||
            (
              (%(unmanaged)s)
              unless on (cluster, node) %(heard)s
            )
            or on (cluster, node) (
              (max by (cluster, node) (time() - %(success)s) > %(limit)g)
              and on (cluster, node) (%(unmanaged)s)
            )
          ||| % {
            unmanaged: e.unmanaged(),
            heard: e.heard(),
            success: success,
            limit: config.collectorStale,
          },
          config.blindFor,
          config.criticalSeverity,
          'Unmanaged node {{ $labels.node }} of {{ $labels.cluster }} is not observed.',
          'Its exporter gives no samples, or its collectors have not succeeded, while PowerHA does not watch the node either. It may be frozen; if no migration is under way, start the exporter.',
        ),
        e.alert(
          'PowerHAExporterGone',
          |||
            (%s == 1)
            unless on (cluster, node) %s
          ||| % [e.remembered('min', 'powerha_node_managed'), e.heard()],
          config.goneFor,
          config.warningSeverity,
          'The exporter on {{ $labels.node }} of {{ $labels.cluster }} gives no samples.',
          'The next migration of this node would not be confirmed. Start the exporter or look at the scrape.',
        ),
        e.alert(
          'PowerHANoExporter',
          'absent(%s)' % e.select('powerha_lpm_phase'),
          config.goneFor,
          config.warningSeverity,
          'No powerha_lpm_exporter gives samples.',
          'No target is scraped, or _config.selector matches none.',
        ),
      ],
    }],
  },
}
