// The terms of the gate, by cluster and node: the gate joins them, and the
// reasons why it stays shut name them one by one.
function(config, e) {
  local window = e.span(config.gateWindow),
  local over(agg, f, series) = e.by(agg, '%s(%s[%s])' % [f, series, window]),

  local end = e.select('powerha_lpm_last_migration_end_timestamp_seconds'),
  local moving = e.select('powerha_lpm_phase', ['phase=~"preparing|migrating|unknown"']),
  local probe = e.select('powerha_application_probe_success', ['vantage="local"']),
  local attempts = e.select('powerha_application_probe_attempts_total', ['vantage="local"', 'result="success"']),
  local owner = e.select('powerha_resource_group_owner'),
  local collector = e.select('powerha_exporter_collector_success', ['collector=~"%s"' % config.gateCollectors]),
  local progress = e.select('powerha_exporter_collector_last_success_timestamp_seconds', ['collector=~"%s"' % config.gateCollectors]),

  // So many samples of a series must be in the window.
  enough: std.max(2, std.floor(config.gateSampleRatio * config.gateWindow / config.scrapeInterval)),

  endMax: e.by('max', end),
  endMin: e.by('min', end),
  endChanges: over('max', 'changes', end),
  endSamples: over('min', 'count_over_time', end),
  moving: over('max', 'max_over_time', moving),
  probed: e.by('count', 'count_over_time(%s[%s])' % [probe, window]),
  probeWorst: over('min', 'min_over_time', probe),
  probeSamples: over('min', 'count_over_time', probe),
  probeProgress: over('min', 'increase', attempts),
  owner: over('max', 'max_over_time', owner),
  collectorWorst: over('min', 'min_over_time', collector),
  collectorSamples: over('min', 'count_over_time', collector),
  collectorProgress: over('min', 'changes', progress),
}
