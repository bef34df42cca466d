// What an exporter says of its own sources: stale, in disagreement, not
// understood, not writable.
local lib = import '../lib/expr.libsonnet';

{
  local config = $._config,
  local e = lib(config),
  // Of a node that is not heard the last word counts.
  local told(alert, agg, name, cmp, extra='') =
    e.held(alert, '%s %s' % [e.by(agg, e.select(name), extra), cmp], extra),

  prometheusAlerts+:: {
    groups+: [{
      name: 'powerha-sources',
      interval: e.span(config.slowInterval),
      rules: [
        e.alert(
          'PowerHASourceStale',
          e.held(
            'PowerHASourceStale',
            // By progress, not by age: clocks may differ.
            '%s == 0' % e.by('max', 'changes(%s[%s])' % [
              e.select('powerha_exporter_collector_last_success_timestamp_seconds'),
              e.span(config.sourceStale),
            ], 'collector'),
            'collector',
          ),
          config.sourceStaleFor,
          config.warningSeverity,
          'Collector {{ $labels.collector }} on {{ $labels.node }} of {{ $labels.cluster }} does not succeed any more.',
          'Its series show what was found last. The log of the exporter names the command; lpmctl selftest runs it.',
          'health',
        ),
        e.alert(
          'PowerHASourcesDisagree',
          told('PowerHASourcesDisagree', 'max', 'powerha_exporter_sources_disagree', '== 1', 'fact'),
          config.selfFor,
          config.warningSeverity,
          'Two sources on {{ $labels.node }} of {{ $labels.cluster }} disagree about {{ $labels.fact }}.',
          'lpmctl selftest shows what each says. Nothing is decided by a fact in dispute.',
          'health',
        ),
        e.alert(
          'PowerHAParseErrors',
          '%s > 0' % e.by('max', 'increase(%s[%s])' % [
            e.select('powerha_exporter_parse_errors_total'),
            e.span(config.eventReportedFor),
          ], 'command'),
          0,
          config.warningSeverity,
          'An answer of {{ $labels.command }} on {{ $labels.node }} of {{ $labels.cluster }} was not understood.',
          'The line is left out. lpmctl selftest shows it, lpmctl support-bundle packs it with made-up names.',
          'health',
        ),
        e.alert(
          'PowerHAEventLogUnreadable',
          told('PowerHAEventLogUnreadable', 'min', 'powerha_exporter_event_log_readable', '== 0'),
          config.eventLogFor,
          config.warningSeverity,
          "PowerHA's log of events cannot be read on {{ $labels.node }} of {{ $labels.cluster }}.",
          'Events in a migration are then not judged. See the rights of cluster.log and hacmp.out, and cluster.logs.',
          'health',
        ),
        e.alert(
          'PowerHAStateNotWritable',
          told('PowerHAStateNotWritable', 'min', 'powerha_exporter_state_writable', '== 0'),
          config.selfFor,
          config.warningSeverity,
          'The exporter on {{ $labels.node }} of {{ $labels.cluster }} cannot write its state.',
          'It goes on in memory; a restart forgets owners, ends of migrations and histograms. Look at the space in state_dir.',
          'health',
        ),
        e.alert(
          'PowerHAConfigReloadFailed',
          told('PowerHAConfigReloadFailed', 'min', 'powerha_exporter_config_last_reload_successful', '== 0'),
          config.selfFor,
          config.warningSeverity,
          'The configuration of the exporter on {{ $labels.node }} of {{ $labels.cluster }} was refused.',
          'The old one is in force. lpmctl config check names the line.',
          'health',
        ),
        e.alert(
          'PowerHAHeartbeatsRejected',
          '%s > 0' % e.by('max', 'rate(%s[%s])' % [
            e.select('powerha_peer_datagrams_total', ['result=~"malformed|unknown_sender|bad_mac|replayed"']),
            e.span(config.selfFor),
          ], 'result'),
          config.selfFor,
          config.warningSeverity,
          'Heartbeats to {{ $labels.node }} of {{ $labels.cluster }} are dropped: {{ $labels.result }}.',
          'bad_mac: the key files differ. unknown_sender: a node that is not in peers.targets. replayed, malformed: somebody else sends.',
          'health',
        ),
      ],
    }],
  },
}
