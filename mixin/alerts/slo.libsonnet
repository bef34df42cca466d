// The error budget is used up too fast.
//
// On the track without declared windows: a migration that goes as declared wakes
// nobody, and while its node is unmanaged the alerts on suspended nodes watch the
// application more strictly than any budget does. What the caps refuse, and what
// is down before the DR script's word or after the resume, counts.
local lib = import '../lib/expr.libsonnet';

{
  local config = $._config,
  local e = lib(config),
  local burn(window, factor) = 'sum by (cluster, application) (powerha:slo_burn_rate:ratio{track="no_windows",window="%s"}) > %g' % [window, factor],

  // Half of the long window must have been looked at: a budget of 30 days is not judged by the first minutes of a cluster.
  local watched = {
    '1h': ['count_over_time(powerha:slo_up{track="all"}[1h])', 3600],
    '6h': ['sum_over_time(powerha:slo_samples:sum5m{track="all"}[6h])', 6 * 3600],
    '1d': ['sum_over_time(powerha:slo_samples:sum5m{track="all"}[1d])', 24 * 3600],
    '3d': ['sum_over_time(powerha:slo_samples:sum1h{track="all"}[3d])', 3 * 24 * 3600],
  },
  local enough(long) = 'sum by (cluster, application) (%s) >= %d' % [watched[long][0], watched[long][1] / config.sloInterval / 2],

  prometheusAlerts+:: {
    groups+: [{
      name: 'powerha-slo-alerts',
      interval: e.span(config.sloInterval),
      rules: [
        e.alert(
          'PowerHAErrorBudgetBurn',
          |||
            (%s)
            and on (cluster, application)
            (%s)
            and on (cluster, application)
            (%s)
          ||| % [burn(a.long, a.factor), burn(a.short, a.factor), enough(a.long)],
          a['for'],
          a.severity,
          'Application {{ $labels.application }} of {{ $labels.cluster }} uses up its error budget {{ $value | humanize }} times too fast.',
          'Over the last %s and the last %s, declared migration windows left out. The budget of 30 days is gone in 30 days divided by that number.' % [a.long, a.short],
        ) + { labels+: { long: a.long, short: a.short } }
        for a in config.sloBurnAlerts
      ],
    }],
  },
}
