// Migrations, history: how long they took and froze, how they were judged, and
// what that says about the variables.
local c = import '../lib/palette.libsonnet';
local p = import '../lib/panels.libsonnet';
local states = import '../lib/states.libsonnet';
local dashboard = import '../lib/dashboard.libsonnet';
local query = import '../lib/query.libsonnet';

{
  local config = $._config,
  local d = dashboard(config),
  local q = query(config),
  local fused = ['estimator="fused"'],
  local increase(name, matchers, labels) = 'round(sum by (%s) (increase(%s[$__range])))' % [labels, q.sel(name, matchers)],
  local quantile(phi, name, matchers=[]) =
    'histogram_quantile(%g, sum by (le) (increase(%s[$__range])))' % [phi, q.sel(name + '_bucket', matchers)],
  local longest = q.by('max', 'max_over_time(%s[$__range])' % q.sel('powerha_lpm_last_freeze_duration_seconds', fused)),
  local budget = q.min('powerha_lpm_freeze_budget_seconds', ['scope="lpm"']),
  local live = p.linked('Migration, live', d.url(config.dashboards.live, { cluster: d.field('Cluster'), node: d.field('Node') })),
  local cluster = p.label(config.clusterLabel, 'Cluster', p.width(130)),
  local node = p.label(config.nodeLabel, 'Node', live + p.width(130)),

  local results = { completed: c.good, aborted: c.warn, lost: c.bad, rebooted: c.purple },
  local verdicts = { pass: c.good, fail: c.bad, unknown: c.unknown },

  local sums = d.row('In the time shown', [
    p.stat('Migrations, by how they ended', 'Migrations of the chosen nodes that ended in the time shown.', 'short', 'none ended', [
      p.instant(increase('powerha_lpm_migrations_total', [], 'result'), '{{result}}'),
    ], w=8) + p.steps(c.calm) + p.colors(results),
    p.stat('Verdicts', 'Judgements of lpmctl report: freeze within the budget, no unwanted event, no outage longer than the freeze explains, managed again, nothing left behind.', 'short', 'none was judged', [
      p.instant(increase('powerha_lpm_verdicts_total', [], 'verdict'), '{{verdict}}'),
    ], w=8) + p.steps(c.calm) + p.colors(verdicts),
    p.stat('Longest freeze', 'The longest last freeze that was told in the time shown, by its fused estimate.', 's', 'no freeze was seen', [
      p.instant('max(%s)' % longest),
    ]) + p.steps(c.calm),
    p.stat('Most of a budget used', 'The longest freeze of a node against its budget for migrations as it is now: the worst node.', 'percentunit', 'no freeze, or no budget known', [
      p.instant('max(%s / on (%s) %s)' % [longest, q.key, budget]),
    ]) + p.steps(c.good, [[config.freezeBudgetWarn, c.warn], [1, c.bad]]),
  ]),

  local spans = d.row('How long', [
    p.lines(
      'Freezes against the budget',
      'Each step is a migration: the last freeze by its fused estimate. Dashed: the least budget of the chosen nodes, for migrations.',
      's',
      'no freeze was seen',
      [
        p.range(q.max('powerha_lpm_last_freeze_duration_seconds', fused), '{{%s}} / {{%s}}' % [config.clusterLabel, config.nodeLabel]),
        p.range('min(%s)' % budget, 'budget'),
      ],
    ) + p.stepped + p.dashed('budget', c.vermillion) + p.limits(min=0),
    p.lines(
      'Outage as users saw it, and brownout',
      'Outage: longest that a probe of a peer saw in the last judged migration. Brownout: silence beyond the freeze, while network and caches get warm.',
      's',
      'no migration was judged with a probe from a peer',
      [
        p.range('max(%s)' % q.max('powerha_lpm_last_probe_outage_seconds', ['vantage="peer"']), 'outage from peers, worst node'),
        p.range('max(%s)' % q.max('powerha_lpm_last_probe_outage_seconds', ['vantage="local"']), 'outage locally, worst node'),
        p.range('max(%s)' % q.max('powerha_lpm_last_brownout_duration_seconds'), 'brownout, worst node'),
      ],
    ) + p.stepped + p.limits(min=0) + p.colors({
      'outage from peers, worst node': c.vermillion,
      'outage locally, worst node': c.orange,
      'brownout, worst node': c.sky,
    }),
    p.bars(
      'Freezes: half, nine of ten, all but one of a hundred',
      'Quantiles of the freezes in the time shown, from the histogram: as exact as its buckets are narrow.',
      's',
      'no freeze was counted',
      [
        p.instant(quantile(phi, 'powerha_lpm_freeze_duration_seconds', fused), '%g%% of freezes' % (100 * phi))
        for phi in [0.5, 0.9, 0.99]
      ],
      w=12,
      h=6,
    ) + p.steps(c.sky),
    p.bars(
      'Migrations: half, nine of ten, all but one of a hundred',
      'Quantiles of the duration from the first record to the end, from the histogram.',
      's',
      'no migration was counted',
      [
        p.instant(quantile(phi, 'powerha_lpm_migration_duration_seconds'), '%g%% of migrations' % (100 * phi))
        for phi in [0.5, 0.9, 0.99]
      ],
      w=12,
      h=6,
    ) + p.steps(c.sky),
  ]),

  local each = d.row('Each node', [
    p.table(
      'Last migration of each node',
      'Start, end and judgement of the last migration, and what its freeze was. lpmctl report on the node has the whole record.',
      'no migration has been seen',
      [
        cluster,
        node,
        p.value('Began', q.max('powerha_lpm_last_migration_start_timestamp_seconds') + ' * 1000', 'dateTimeAsIso', p.width(170)),
        p.value('Ended', q.max('powerha_lpm_last_migration_end_timestamp_seconds') + ' * 1000', 'dateTimeAsIso', p.width(170)),
        p.label('verdict', 'Verdict', p.word(states.verdict)),
        p.value('Freeze', q.max('powerha_lpm_last_freeze_duration_seconds', fused), 's'),
        p.value('Plus or minus', q.max('powerha_lpm_last_freeze_error_bound_seconds', fused), 's'),
        p.value('Budget', '%s and on (%s) %s' % [budget, q.key, q.max('powerha_lpm_last_migration_start_timestamp_seconds')], 's'),
        p.value('Brownout', q.max('powerha_lpm_last_brownout_duration_seconds'), 's'),
        p.value('Outage, peers', q.max('powerha_lpm_last_probe_outage_seconds', ['vantage="peer"']), 's'),
        p.value('Outage, local', q.max('powerha_lpm_last_probe_outage_seconds', ['vantage="local"']), 's'),
        p.value('Witnesses disagree by', q.max('powerha_lpm_freeze_disagreement_seconds'), 's'),
        p.silent(q.max('powerha_lpm_last_verdict', labels='verdict') + ' == 1'),
      ],
      sort={ displayName: 'Ended', desc: true },
    ),
    p.table(
      'Advice for the variables',
      'The longest freeze in the time shown against what the cluster bears. lpmctl advise on a node weighs both risks in numbers before you change HEARTBEAT_FREQUENCY_DURING_LPM.',
      'no freeze, or no budget known',
      [
        cluster,
        node,
        p.value('Longest freeze', longest, 's'),
        p.value('Budget', budget, 's'),
        p.value('Limited by', q.encode(states.limit, 'limit', function(m) q.sel('powerha_lpm_freeze_budget_limit', ['scope="lpm"'] + m)), 'none', p.cell(states.numbered(states.limit))),
        p.value('Used', '%s / on (%s) %s' % [longest, q.key, budget], 'percentunit', p.limited([[config.freezeBudgetWarn, c.warn], [1, c.bad]])),
        p.value('Advice', '%s / on (%s) %s' % [longest, q.key, budget], 'none', p.painted + {
          local range(from, to, text, color) = { type: 'range', options: { from: from, to: to, result: { text: text, color: color } } },
          mappings: [
            range(0, config.freezeBudgetWarn, 'room enough', c.good),
            range(config.freezeBudgetWarn, 1, 'little room: lpmctl advise', c.warn),
            range(1, null, 'too short: raise it before the next move', c.bad),
          ],
        }),
        p.value('Node timeout in migrations', q.min('powerha_lpm_heartbeat_frequency_seconds'), 's'),
        p.value('Drifted', q.by('sum', q.sel('powerha_variable_drift')), 'short', p.limited([[1, c.warn]])),
      ],
      sort={ displayName: 'Used', desc: true },
    ),
  ]),

  local trouble = d.row('What went wrong', [
    p.table(
      'Unwanted cluster events in migrations',
      'Events that a protected migration does not cause, in the time shown.',
      'none in the time shown',
      [
        cluster,
        node,
        p.label('event', 'Event'),
        p.value('Times', increase('powerha_lpm_unwanted_cluster_events_total', [], q.key + ', event') + ' > 0', 'short', p.limited([[1, c.bad]])),
      ],
      w=8,
      sort={ displayName: 'Times', desc: true },
    ),
    p.table(
      'All cluster events',
      'Events in PowerHA\'s logs in the time shown, wanted ones among them.',
      'none in the time shown',
      [
        cluster,
        node,
        p.label('event', 'Event'),
        p.value('Times', increase('powerha_cluster_events_total', [], q.key + ', event') + ' > 0', 'short'),
      ],
      w=8,
      sort={ displayName: 'Times', desc: true },
    ),
    p.table(
      'Left behind now',
      'Settings that PowerHA\'s own script changed for a migration and did not put back. lpmctl leftovers has the commands.',
      'nothing was left behind',
      [
        cluster,
        node,
        p.label('what', 'Setting'),
        p.silent(q.max('powerha_lpm_leftover', labels='what') + ' == 1'),
      ],
      w=8,
    ),
  ]),

  grafanaDashboards+:: {
    [config.dashboards.history + '.json']: d.new(
      config.dashboards.history,
      'PowerHA LPM / Migrations, history',
      'Durations, freezes and verdicts of the migrations in the time shown, and what they say about the variables.',
      [d.cluster(), d.node()],
      [sums, spans, each, trouble],
      'now-30d',
      '',
    ),
  },
}
