// Alerts about sight itself: who is heard, and whether the rules run.
local lib = import '../lib/expr.libsonnet';

{
  local config = $._config,
  local e = lib(config),
  local evaluated = 'powerha:gate_evaluated:timestamp_seconds',

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
          'health',
        ),
        e.alert(
          'PowerHAMonitoringBlind',
          // Collectors stand still when their last success does not change, whatever the clocks of node and Prometheus say.
          e.q(|||
            (
              (%(unmanaged)s)
              unless on (%(cn)s) %(heard)s
            )
            or on (%(cn)s) (
              (%(progress)s == 0)
              and on (%(cn)s) (%(unmanaged)s)
            )
          |||, {
            unmanaged: e.unmanaged(),
            heard: e.heard(),
            progress: e.by('min', 'changes(%s[%s])' % [
              e.select('powerha_exporter_collector_last_success_timestamp_seconds', ['collector=~"%s"' % config.gateCollectors]),
              e.span(config.collectorStale),
            ]),
          }),
          config.blindFor,
          config.criticalSeverity,
          'Unmanaged node {{ $labels.node }} of {{ $labels.cluster }} is not observed.',
          'Its exporter gives no samples, or its collectors have not succeeded, while PowerHA does not watch the node either. It may be frozen; if no migration is under way, start the exporter.',
        ),
        e.alert(
          'PowerHAExporterGone',
          e.q('(powerha:node_managed:last == 1) unless on (%(cn)s) %(heard)s', { heard: e.heard() }),
          config.goneFor,
          config.warningSeverity,
          'The exporter on {{ $labels.node }} of {{ $labels.cluster }} gives no samples.',
          'The next migration of this node would not be confirmed. Start the exporter or look at the scrape.',
          'health',
        ),
        e.alert(
          'PowerHANoExporter',
          'absent(%s)' % e.select('powerha_lpm_phase'),
          config.goneFor,
          config.warningSeverity,
          'No powerha_lpm_exporter gives samples.',
          'No target is scraped, or _config.selector matches none.',
          'health',
        ),
        e.alert(
          'PowerHATargetDown',
          // The bridge: up has only instance and job, powerha:node_info knows of whom they last told. A target that
          // never told anything, or not for long, is down all the same.
          e.q(|||
            max by (%(cn)s, instance, job) (powerha:node_info and on (instance, job) (%(up)s == 0))
            or (
              max by (instance, job) (%(up)s == 0)
              unless on (instance, job) powerha:node_info
            )
          |||, { up: 'up{%s}' % config.upSelector }),
          config.silentFor,
          config.warningSeverity,
          'Prometheus cannot scrape {{ $labels.job }} at {{ $labels.instance }}{{ if $labels.node }}: node {{ $labels.node }} of {{ $labels.cluster }}{{ end }}.',
          'In a migration that is expected for the length of the freeze (PowerHAFreezeExpected). Otherwise start the program, or repair the network.',
          'health',
        ),
        e.alert(
          'PowerHAPeerSilent',
          e.told('max', e.select('powerha_peer_up')) + ' == 0',
          config.silentFor,
          config.warningSeverity,
          'No peer hears the exporter of node {{ $labels.node }} of {{ $labels.cluster }}.',
          'Without heartbeats its next freeze is measured from inside alone, and a lost node is noticed late.',
          'health',
        ),
        e.alert(
          'PowerHAGateNotEvaluated',
          '(time() - max(%s) > %g) or absent(%s)' % [evaluated, config.gateNotEvaluatedFor, evaluated],
          config.gateNotEvaluatedFor,
          config.criticalSeverity,
          'The rules of the gate are not evaluated.',
          'No gated actor resumes: it takes the missing gate for a no. Look at the rule group powerha-gate.',
          'health',
        ),
        e.alert(
          'PowerHAClockAhead',
          '%s > %g' % [
            e.by('max', '%(s)s - timestamp(%(s)s)' % {
              s: e.select('powerha_exporter_collector_last_success_timestamp_seconds', ['collector=~"%s"' % config.gateCollectors]),
            }),
            config.clockAhead,
          ],
          config.selfFor,
          config.warningSeverity,
          'The clock of {{ $labels.node }} of {{ $labels.cluster }} is {{ $value | humanizeDuration }} ahead of Prometheus.',
          'The gate confirms later by as much, and ages of its facts look younger. Mend NTP on either side.',
          'health',
        ),
      ],
    }],
  },
}
