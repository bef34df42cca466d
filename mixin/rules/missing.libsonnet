// Why the gate of an unmanaged node stays shut: one series for each condition
// that is not met. Nobody decides by these; the gate alone is asked.
local lib = import '../lib/expr.libsonnet';

{
  local config = $._config,
  local e = lib(config),
  local g = (import '../lib/gate.libsonnet')(config, e),

  // Unmanaged nodes of which the expression is true.
  local missing(condition, expr) = {
    record: 'powerha:gate_missing',
    expr: e.q('(%(unmanaged)s) + 1 %(expr)s', {
      unmanaged: e.unmanaged(),
      expr: expr,
    }),
    labels: { condition: condition },
  },
  // The same, and of a node that is not heard what was last recorded: a freeze ends no migration, and makes no end known.
  local lasting(condition, expr) = missing(condition, expr) + {
    expr: e.q(|||
      (%(now)s)
      or on (%(cn)s) (
        powerha:gate_missing{condition="%(condition)s"}
        and on (%(cn)s) (%(unmanaged)s)
        unless on (%(cn)s) %(heard)s
      )
    |||, { now: missing(condition, expr).expr, condition: condition, unmanaged: e.unmanaged(), heard: e.heard() }),
  },
  local also(expr) = e.q('and on (%(cn)s) (%(expr)s)', { expr: expr }),
  local unless(expr) = e.q('unless on (%(cn)s) (%(expr)s)', { expr: expr }),
  // Its scrapes were there: what lacks samples lacks them for a reason of its own.
  local scraped = also('%s >= %d' % [g.endSamples, g.enough]),
  local probed = unless(g.probed),
  local owner = also(g.owner + ' == 1'),
  local spare = unless(g.owner + ' == 1'),

  prometheusRules+:: {
    groups+: [{
      name: 'powerha-gate-missing',
      interval: e.span(2 * config.ruleInterval),
      rules: [
        lasting('migration_over', also(g.moving + ' == 1')),
        lasting('end_known', '%s %s' % [also(e.heard()), unless(g.endMax)]),
        missing('end_unique', also('%s != %s' % [g.endMax, g.endMin])),
        missing('end_stable', also(g.endChanges + ' > 0')),
        missing('window_passed', also('time() - %s < %g' % [g.endMax, config.gateWindow])),
        // Also of a node that is not heard, but not of one that tells no end at all.
        missing('samples', '%s %s' % [
          unless('%s >= %d' % [g.endSamples, g.enough]),
          unless(e.q('%(heard)s unless on (%(cn)s) %(end)s', { heard: e.heard(), end: g.endMax })),
        ]),
        missing('probe_success', also(g.probeWorst + ' < 1')),
        missing('probe_samples', '%s %s' % [also('%s < %d' % [g.probeSamples, g.enough]), scraped]),
        missing('probe_progress', also(g.probeProgress + ' <= 0')),
        missing('probe_missing', '%s %s' % [owner, probed]),
        missing('collector_success', '%s %s %s' % [also(g.collectorWorst + ' < 1'), spare, probed]),
        missing('collector_samples', '%s %s %s %s' % [also('%s < %d' % [g.collectorSamples, g.enough]), scraped, spare, probed]),
        missing('collector_progress', '%s %s %s' % [also(g.collectorProgress + ' == 0'), spare, probed]),
      ],
    }],
  },
}
