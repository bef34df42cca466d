// The conditions of the gate (rules/gate.libsonnet) one by one, for people who
// want to know which one it waits for. Each is 1 where it holds, else 0.
function(config, q) {
  local window = q.span(config.gateWindow),
  local enough = std.max(2, std.floor(config.gateSampleRatio * config.gateWindow / config.scrapeInterval)),
  local over(f, vector) = '%s(%s[%s])' % [f, vector, window],
  local end = q.sel('powerha_lpm_last_migration_end_timestamp_seconds'),
  local probe = q.sel('powerha_application_probe_success', ['vantage="local"']),
  local collectors = ['collector=~"%s"' % config.gateCollectors],
  local item(name, expr) = { name: name, expr: expr },
  local confirmed = 'powerha:gate:migration_end_timestamp_seconds',

  open: q.orZero('group by (%s) (%s)' % [q.key, q.recorded(confirmed)]),
  items: [
    item('gate open', q.orZero('group by (%s) (%s)' % [q.key, q.recorded(confirmed)])),
    item('rules are evaluated', 'max(time() - powerha:gate_evaluated:timestamp_seconds) < bool %d' % std.max(3 * config.ruleInterval, 1)),
    item('migration has ended', q.orZero('%s > bool 0' % q.by('max', end))),
    item('ended before the window', q.orZero('time() - %s >= bool %g' % [q.by('max', end), config.gateWindow])),
    item('same end all the time', q.orZero('%s == bool 0' % q.by('max', over('changes', end)))),
    item('enough samples', q.orZero('%s >= bool %d' % [q.by('min', over('count_over_time', end)), enough])),
    item('not migrating', q.orZero('%s == bool 0' % q.by('max', over('max_over_time', q.sel('powerha_lpm_phase', ['phase=~"preparing|migrating|unknown"']))))),
    item('every probe succeeded', '%s == bool 1' % q.by('min', over('min_over_time', probe))),
    item('enough attempts seen', '%s >= bool %d' % [q.by('min', over('count_over_time', probe)), enough]),
    item('probes go on', '%s > bool 0' % q.by('min', over('increase', q.sel('powerha_application_probe_attempts_total', ['vantage="local"', 'result="success"'])))),
    item('collectors succeeded', '%s == bool 1' % q.by('min', over('min_over_time', q.sel('powerha_exporter_collector_success', collectors)))),
  ],
}
