// The gate: the proof that the actors ask for before they resume.
//
// Its value is the end time of the migration that it confirms, and it is
// present only while the node is ready: over the whole window every sample of
// every local probe was a success, enough samples are there, successes went on
// being counted, and the end of the migration did not change. The last
// condition, together with enough samples of it, also proves that the window
// lies after the end when the clocks of node and Prometheus differ.
local lib = import '../lib/expr.libsonnet';

{
  local config = $._config,
  local e = lib(config),
  local window = e.span(config.gateWindow),
  local enough = std.max(2, std.floor(config.gateSampleRatio * config.gateWindow / config.scrapeInterval)),

  local end = e.select('powerha_lpm_last_migration_end_timestamp_seconds'),
  local moving = e.select('powerha_lpm_phase', ['phase=~"preparing|migrating|unknown"']),
  local probe = e.select('powerha_application_probe_success', ['vantage="local"']),
  local attempts = e.select('powerha_application_probe_attempts_total', ['vantage="local"', 'result="success"']),
  local owner = e.select('powerha_resource_group_owner'),
  local collector = e.select('powerha_exporter_collector_success', ['collector=~"%s"' % config.gateCollectors]),
  local progress = e.select('powerha_exporter_collector_last_success_timestamp_seconds', ['collector=~"%s"' % config.gateCollectors]),

  local gate = |||
    (max by (cluster, node) (%(end)s) == min by (cluster, node) (%(end)s))
    and on (cluster, node) (time() - max by (cluster, node) (%(end)s) >= %(seconds)g)
    and on (cluster, node) (max by (cluster, node) (changes(%(end)s[%(window)s])) == 0)
    and on (cluster, node) (min by (cluster, node) (count_over_time(%(end)s[%(window)s])) >= %(enough)d)
    and on (cluster, node) (max by (cluster, node) (max_over_time(%(moving)s[%(window)s])) == 0)
    and on (cluster, node) (
      (
        (min by (cluster, node) (min_over_time(%(probe)s[%(window)s])) == 1)
        and on (cluster, node) (min by (cluster, node) (count_over_time(%(probe)s[%(window)s])) >= %(enough)d)
        and on (cluster, node) (min by (cluster, node) (increase(%(attempts)s[%(window)s])) > 0)
      )
      or on (cluster, node) (
        (max by (cluster, node) (max_over_time(%(owner)s[%(window)s])) == 0)
        and on (cluster, node) (min by (cluster, node) (min_over_time(%(collector)s[%(window)s])) == 1)
        and on (cluster, node) (min by (cluster, node) (count_over_time(%(collector)s[%(window)s])) >= %(enough)d)
        and on (cluster, node) (min by (cluster, node) (changes(%(progress)s[%(window)s])) > 0)
        unless on (cluster, node) (count by (cluster, node) (count_over_time(%(probe)s[%(window)s])))
      )
    )
  ||| % {
    end: end,
    moving: moving,
    probe: probe,
    attempts: attempts,
    owner: owner,
    collector: collector,
    progress: progress,
    window: window,
    seconds: config.gateWindow,
    enough: enough,
  },

  prometheusRules+:: {
    groups+: [{
      name: 'powerha-gate',
      interval: e.span(config.ruleInterval),
      // In this order: that the last one is fresh proves that the first was evaluated.
      rules: [
        { record: 'powerha:gate:migration_end_timestamp_seconds', expr: gate },
        { record: 'powerha:gate_window:seconds', expr: 'vector(%g)' % config.gateWindow },
        { record: 'powerha:gate_evaluated:timestamp_seconds', expr: 'vector(time())' },
      ],
    }],
  },
}
