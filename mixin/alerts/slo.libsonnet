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
          ||| % [burn(a.long, a.factor), burn(a.short, a.factor)],
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
