// Availability of each application as its users see it, in two tracks: all of
// the time (all), and without declared migration windows (no_windows).
//
// The state of an application is recorded every sloInterval. Windows of up to an
// hour are averages of these samples; longer ones are sums of them over counts of
// them, of five minutes and of an hour, so that no average of averages is taken
// and a time without samples weighs nothing. Nothing here joins over clusters,
// and every operand is aggregated before it is joined, so that two exporters of
// one node, or two owners of one application, match no more than once.
local lib = import '../lib/expr.libsonnet';

{
  local config = $._config,
  local e = lib(config),
  local interval = e.span(config.sloInterval),

  // The left edge of a range belongs to it in Prometheus 2 and not in 3: a millisecond less is the same in both.
  local over(agg, series, seconds) = '%s_over_time(%s[%s])' % [agg, series, e.span(seconds - 0.001)],
  // A sum in which each span counts once, however often it was recorded: one value a step, the last one before it.
  local once(series, step, seconds) =
    'sum_over_time(%s[%s:%s])' % [over('last', series, step), e.span(seconds - 0.001), e.span(step)],

  local minute = 60,
  local hour = 60 * minute,
  local day = 24 * hour,
  local fine = 5 * minute,
  // Recorded series are looked up like others, so they must be younger than five minutes.
  local longInterval = 240,

  local probe = e.select('powerha_application_probe_success'),
  local until = e.select('powerha_lpm_declared_window_until_timestamp_seconds'),
  local open = e.select('powerha_lpm_declared_window_open'),
  local calm = e.select('powerha_lpm_phase', ['phase="idle"']),

  local record(name, expr, labels={}) = { record: name, expr: expr, [if labels != {} then 'labels']: labels },

  // Something remembered of a node whose exporter gives no samples, and that was in a migration when it last did.
  local unheard(expr) =
    '(%s) unless on (cluster, node) %s and on (cluster, node) (max by (cluster, node) (last_over_time(%s[%s])) == 0)'
    % [expr, e.heard(), calm, e.span(config.memory)],

  // The node that runs an application; a peer's probe names it, a local one runs on it.
  local owners = 'label_replace(group by (cluster, application, target_node) (%s), "node", "$1", "target_node", "(.*)")' % probe,
  // Nodes of a series, as the applications that they run.
  local applications(nodes) = |||
    max by (cluster, application) (
      %s
      * on (cluster, node) group_left () %s
    )
  ||| % [owners, nodes],

  local matches(o) = std.join(',', [
    '%s="%s"' % [key, o[key]]
    for key in ['cluster', 'application']
    if std.objectHas(o, key)
  ]),
  local ofEvery = 'group by (cluster, application) (powerha:application_up%s)',
  local objective = std.join('\nor on (cluster, application)\n', [
    '%s * %s' % [ofEvery % ('{%s}' % matches(o)), o.objective]
    for o in config.sloObjectives
  ] + ['%s * %s' % [ofEvery % '', config.sloObjective]]),

  local ratio(window, expr) = record('powerha:slo_availability:ratio', expr, { window: window }),
  local pair(window, sums, seconds) = ratio(
    window,
    '%s\n/\n%s' % [over('sum', 'powerha:slo_good:' + sums, seconds), over('sum', 'powerha:slo_samples:' + sums, seconds)],
  ),
  local burns(windows) = [
    record(
      'powerha:slo_burn_rate:ratio',
      |||
        (1 - powerha:slo_availability:ratio{window="%s"})
        / on (cluster, application) group_left ()
        (1 - powerha:slo_objective:ratio)
      ||| % window,
      { window: window },
    )
    for window in windows
  ],

  local monthLeft = 'scalar((days_in_month() - day_of_month() + 1) * %d - hour() * %d - minute() * %d)' % [day, hour, minute],

  prometheusRules+:: {
    groups+: [
      {
        name: 'powerha-slo',
        interval: interval,
        rules: [
          // A function of the application is there while one vantage point of a kind reaches it, the application while
          // all its probes say so.
          record('powerha:application_up_by_vantage', |||
            min by (cluster, application, vantage) (
              max by (cluster, application, vantage, probe) (%s)
            )
          ||| % probe),
          // The peers see what users see. Only where none of them looks, the node's own probes count.
          record('powerha:application_up', |||
            max by (cluster, application) (powerha:application_up_by_vantage{vantage="peer"})
            or on (cluster, application)
            max by (cluster, application) (powerha:application_up_by_vantage{vantage="local"})
          |||),
          // Nodes in a declared window: 1 while its time is counted, 0 while the exporter's cap refuses it. A frozen
          // node gives no samples: then the window goes on until the moment that the exporter told in advance.
          record('powerha:declared_window', |||
            (max by (cluster, node) (%(until)s) > bool 0)
            or on (cluster, node) (0 * (max by (cluster, node) (%(open)s) == 1))
            or on (cluster, node) (%(remembered)s)
          ||| % {
            until: until,
            open: open,
            remembered: unheard('max by (cluster, node) (last_over_time(%s[%s])) > bool time()' % [until, e.span(config.memory)]),
          }),
          record('powerha:application_window', applications('powerha:declared_window')),
          // What was left out of 30 days: up to the last full hour, and in the last hour. Some of that may be counted in
          // both for up to an hour, so that a cap is never reached too late.
          record('powerha:slo_window_used_seconds:30d', |||
            (
              (powerha:slo_excluded_seconds:30d or on (cluster, application) 0 * powerha:application_up)
              + on (cluster, application)
              %s * %g
            )
            or on (cluster, application) 0 * powerha:application_up
          ||| % [over('sum', 'powerha:application_excluded', hour), config.sloInterval]),
          record('powerha:application_excluded', |||
            (
              (powerha:application_window == 1)
              and on (cluster, application) (powerha:slo_window_used_seconds:30d < %g)
            )
            or on (cluster, application) 0 * powerha:application_up
          ||| % config.sloWindowCap),
          record('powerha:application_window_refused', '(powerha:application_window >= 0) ^ 0 unless on (cluster, application) (powerha:application_excluded == 1)'),
          record('powerha:slo_up', 'powerha:application_up', { track: 'all' }),
          record('powerha:slo_up', 'powerha:application_up unless on (cluster, application) (powerha:application_excluded == 1)', { track: 'no_windows' }),
          record('powerha:slo_objective:ratio', objective),
          ratio('5m', over('avg', 'powerha:slo_up', 5 * minute)),
          ratio('30m', over('avg', 'powerha:slo_up', 30 * minute)),
          ratio('1h', over('avg', 'powerha:slo_up', hour)),
        ] + burns(['5m', '30m', '1h']),
      },
      {
        name: 'powerha-slo-5m',
        interval: e.span(fine),
        rules: [
          record('powerha:slo_good:sum5m', over('sum', 'powerha:slo_up', fine)),
          record('powerha:slo_samples:sum5m', over('count', 'powerha:slo_up', fine)),
          record('powerha:slo_excluded:sum5m', over('sum', 'powerha:application_excluded', fine)),
          record('powerha:slo_refused:sum5m', over('sum', 'powerha:application_window_refused', fine)),
        ],
      },
      {
        name: 'powerha-slo-1h',
        interval: e.span(hour),
        rules: [
          record('powerha:slo_%s:sum1h' % what, once('powerha:slo_%s:sum5m' % what, fine, hour))
          for what in ['good', 'samples', 'excluded', 'refused']
        ],
      },
      {
        name: 'powerha-slo-long',
        interval: e.span(longInterval),
        rules: [
          pair('2h', 'sum5m', 2 * hour),
          pair('6h', 'sum5m', 6 * hour),
          pair('1d', 'sum5m', day),
          pair('3d', 'sum1h', 3 * day),
          pair('30d', 'sum1h', 30 * day),
        ] + burns(['2h', '6h', '1d', '3d', '30d']) + [
          record('powerha:slo_error_budget_remaining:ratio', 'sum without (window) (1 - powerha:slo_burn_rate:ratio{window="30d"})'),
          // Of the budget, what is left at the end of the calendar month if it goes on as in the last three days.
          record('powerha:slo_error_budget_forecast:ratio', |||
            powerha:slo_error_budget_remaining:ratio
            - on (cluster, application, track)
            sum without (window) (powerha:slo_burn_rate:ratio{window="3d"}) * %s / %d
          ||| % [monthLeft, 30 * day]),
          // The part of 30 days in which anybody looked.
          record('powerha:slo_coverage:ratio', 'sum without (track) (%s) * %g / %d' % [once('powerha:slo_samples:sum1h{track="all"}', hour, 30 * day), config.sloInterval, 30 * day], { window: '30d' }),
          record('powerha:slo_excluded_seconds:30d', '%s * %g' % [once('powerha:slo_excluded:sum1h', hour, 30 * day), config.sloInterval]),
          record('powerha:slo_refused_window_seconds:30d', '%s * %g\nor on (cluster, application)\n0 * powerha:slo_excluded_seconds:30d' % [once('powerha:slo_refused:sum1h', hour, 30 * day), config.sloInterval]),
        ],
      },
    ],
  },
}
