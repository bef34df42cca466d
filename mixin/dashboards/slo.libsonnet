// SLO report: availability of each application as its users see it, on both
// tracks, what is left of the error budget and how fast it goes.
local c = import '../lib/palette.libsonnet';
local p = import '../lib/panels.libsonnet';
local states = import '../lib/states.libsonnet';
local dashboard = import '../lib/dashboard.libsonnet';
local query = import '../lib/query.libsonnet';

{
  local config = $._config,
  local d = dashboard(config),
  local q = query(config),
  local cluster = p.label('cluster', 'Cluster', p.width(130)),
  local application = p.label('application', 'Application', p.width(150)),
  local name = '{{cluster}} / {{application}}',
  local all = 'track="all"',
  local calm = 'track="no_windows"',
  local unknown = 'no SLO is recorded: the rules need probes and some minutes',
  local worst = ' Where several applications are chosen: the worst.',

  // Each window of the burn alert in a colour of its own, and its factor as a line in that colour.
  local burn = {
    local color(i) = [c.vermillion, c.orange, c.blue, c.sky, c.purple, c.green][i % 6],
    local numbered = std.mapWithIndex(function(i, a) a { color: color(i) }, config.sloBurnAlerts),
    steps: [[a.factor, a.color] for a in std.sort(numbered, function(a) a.factor)],
    colors: { ['%s, worst application' % a.long]: a.color for a in numbered },
  },

  local now = d.row('Last 30 days', [
    p.stat('Availability, all time', 'Part of the time looked at in which users could use the application.' + worst, 'percentunit', unknown, [
      p.instant('min(%s)' % q.slo('powerha:slo_availability:ratio', [all, 'window="30d"'])),
    ]) + p.steps(c.calm) + p.decimals(3),
    p.stat('Availability, without declared windows', 'The same, without the time of declared migration windows, as far as the cap counts them.' + worst, 'percentunit', unknown, [
      p.instant('min(%s)' % q.slo('powerha:slo_availability:ratio', [calm, 'window="30d"'])),
    ]) + p.steps(c.calm) + p.decimals(3),
    p.stat('Error budget left, all time', 'What is left of the unavailability that the objective allows in 30 days. Below zero: the objective is missed.' + worst, 'percentunit', unknown, [
      p.instant('min(%s)' % q.slo('powerha:slo_error_budget_remaining:ratio', [all])),
    ]) + p.steps(c.bad, [[0, c.warn], [0.25, c.good]]) + p.decimals(1),
    p.stat('Error budget left, without windows', 'The same on the track without declared migration windows.' + worst, 'percentunit', unknown, [
      p.instant('min(%s)' % q.slo('powerha:slo_error_budget_remaining:ratio', [calm])),
    ]) + p.steps(c.bad, [[0, c.warn], [0.25, c.good]]) + p.decimals(1),
    p.stat('Expected at the month\'s end', 'What is left of the budget at the end of the calendar month if it goes on as in the last three days; without declared windows.' + worst, 'percentunit', unknown, [
      p.instant('min(%s)' % q.slo('powerha:slo_error_budget_forecast:ratio', [calm])),
    ]) + p.steps(c.bad, [[0, c.warn], [0.25, c.good]]) + p.decimals(1),
    p.stat('Windows that the cap refused', 'Time in declared windows beyond the cap: it counts against the objective. Sum of the chosen applications.', 's', unknown, [
      p.instant('sum(%s)' % q.slo('powerha:slo_refused_window_seconds:30d')),
    ]) + p.steps(c.good, [[1, c.warn]]),
  ]),

  local each = d.row('Each application', [
    p.table(
      'Objectives and what became of them, 30 days',
      'Both tracks side by side. Looked at: the part of the time in which any probe told; what nobody looked at counts neither way.',
      unknown,
      local of(series, matchers=[]) = 'max by (cluster, application) (%s)' % q.slo(series, matchers);
      local budget = p.limited([[-1e9, c.bad], [0, c.warn], [0.25, c.good]]) + { decimals: 1 };
      [
        cluster,
        application,
        p.value('Objective', of('powerha:slo_objective:ratio'), 'percentunit', { decimals: 3 }),
        p.value('Availability, all', of('powerha:slo_availability:ratio', [all, 'window="30d"']), 'percentunit', { decimals: 3 }),
        p.value('Without windows', of('powerha:slo_availability:ratio', [calm, 'window="30d"']), 'percentunit', { decimals: 3 }),
        p.value('Budget left, all', of('powerha:slo_error_budget_remaining:ratio', [all]), 'percentunit', budget),
        p.value('Budget left, without', of('powerha:slo_error_budget_remaining:ratio', [calm]), 'percentunit', budget),
        p.value('At the month\'s end', of('powerha:slo_error_budget_forecast:ratio', [calm]), 'percentunit', budget),
        p.value('Refused by the cap', of('powerha:slo_refused_window_seconds:30d'), 's', p.limited([[1, c.warn]])),
        p.value('Looked at', of('powerha:slo_coverage:ratio'), 'percentunit', { decimals: 1 }),
      ],
      sort={ displayName: 'Budget left, without', desc: false },
    ),
    p.table(
      'Availability by window, without declared windows',
      'Each window ends now.',
      unknown,
      [cluster, application] + [
        p.value(window, 'max by (cluster, application) (%s)' % q.slo('powerha:slo_availability:ratio', [calm, 'window="%s"' % window]), 'percentunit', { decimals: 3 })
        for window in ['5m', '30m', '1h', '2h', '6h', '1d', '3d', '30d']
      ],
      w=14,
    ),
    p.table(
      'Migrations of these clusters in the time shown',
      'How many ended, by how. lpmctl slo --month has each with its freeze, brownout and outage.',
      'none ended in the time shown',
      [
        cluster,
        p.label('result', 'Result'),
        p.value('Migrations', 'round(sum by (%s, result) (increase(%s[$__range]))) > 0' % [
          config.clusterLabel,
          'powerha_lpm_migrations_total{%s=~"$cluster"%s}' % [config.clusterLabel, if config.selector == '' then '' else ', ' + config.selector],
        ], 'short'),
      ],
      w=10,
    ),
  ]),

  local course = d.row('Course', [
    p.timeline(
      'Applications as their users see them',
      'By probes of peers; where none looks, by the node\'s own. Gaps: nobody looked.',
      'no probe has told anything: docs/probes.md',
      [p.range(q.slo('powerha:application_up'), name)],
      states.flag('up', 'down'),
      w=12,
      h=7,
    ),
    p.timeline(
      'Time that is left out',
      'While a declared migration window excludes the application from the second track. Refused time is not left out.',
      unknown,
      [p.range(q.slo('powerha:application_excluded'), name)],
      [{ value: 1, text: 'left out', color: c.busy }, { value: 0, text: 'counts', color: c.calm }],
      w=12,
      h=7,
    ),
    p.lines(
      'Error budget left, without declared windows',
      'Rolling 30 days. Dashed: nothing is left.',
      'percentunit',
      unknown,
      [p.range(q.slo('powerha:slo_error_budget_remaining:ratio', [calm]), name)],
    ) + p.limits(max=1) + p.steps('transparent', [[0, c.vermillion]]) + p.thresholdLines,
    p.lines(
      'Burn rate, without declared windows',
      'How many times faster than the objective allows the budget goes, by the long windows of PowerHAErrorBudgetBurn; 1 uses it up in exactly 30 days. Dashed: above these that alert fires, if its short window agrees.',
      'none',
      unknown,
      [
        p.range('max(%s)' % q.slo('powerha:slo_burn_rate:ratio', [calm, 'window="%s"' % a.long]), '%s, worst application' % a.long)
        for a in config.sloBurnAlerts
      ],
    ) + p.limits(min=0) + p.steps('transparent', burn.steps) + p.thresholdLines + p.colors(burn.colors),
  ]),

  grafanaDashboards+:: {
    [config.dashboards.slo + '.json']: d.new(
      config.dashboards.slo,
      'PowerHA LPM / SLO report',
      'Availability of each application as its users see it, with and without declared migration windows.',
      // An application is its cluster's, whichever node runs it: there is nothing to choose a node for.
      [d.cluster(), d.application],
      [now, each, course],
      'now-30d',
      '5m',
      d.clusterAnnotations,
    ),
  },
}
