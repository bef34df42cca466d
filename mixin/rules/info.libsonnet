// What is remembered of a node whose exporter gives no samples: while a
// partition is frozen its series are stale, and alerts about it must go on.
// Each is recorded once here, so that the long look back is paid once.
local lib = import '../lib/expr.libsonnet';

{
  local config = $._config,
  local e = lib(config),
  local memory = e.span(config.memory),

  local target(program, series) =
    e.q('label_replace(group by (%(cn)s, instance, job) (last_over_time(%(series)s[%(memory)s])), "program", "%(program)s", "", "")', {
      series: series,
      memory: memory,
      program: program,
    }),

  // The value now, else the one recorded before while the node is not heard.
  local sticky(record, expr, extra='') = {
    record: record,
    expr: e.q('%(expr)s or (%(record)s unless on (%(cn)s) %(heard)s and on (%(cn)s) powerha:node_info)', {
      expr: expr,
      record: record,
      heard: e.heard(),
    }),
  },

  prometheusRules+:: {
    groups+: [{
      name: 'powerha-memory',
      interval: e.span(config.ruleInterval),
      // In this order: the later ones stand on the earlier ones.
      rules: [
        // From a target (instance, job), as up has it, to the node that it last told of.
        {
          record: 'powerha:node_info',
          expr: '%s or %s' % [
            target('exporter', e.select('powerha_lpm_phase', ['phase="idle"'])),
            target('actor', e.actor('powerha_actor_held')),
          ],
        },
        {
          record: 'powerha:node_managed:last',
          expr: e.by('min', 'last_over_time(%s[%s])' % [e.select('powerha_node_managed'), memory]),
        },
        // When its last sample was scraped, by Prometheus's own clock.
        sticky('powerha:node_heard:timestamp_seconds', e.by('max', 'timestamp(%s)' % e.select('powerha_lpm_phase', ['phase="idle"']))),
        sticky(
          'powerha:node_migrating',
          e.by('max', '%s == 1' % e.select('powerha_lpm_phase', ['phase=~"preparing|migrating|settling|rolling_back"'])),
        ),
        sticky('powerha:node_freeze_budget:seconds', e.by('min', e.select('powerha_lpm_freeze_budget_seconds', ['scope="lpm"']))),
        // Probes of unmanaged nodes only: 1 too, so that the last value is the last state.
        {
          local series = e.select('powerha_application_probe_success', ['vantage="local"']),
          record: 'powerha:suspended_probe_success:last',
          expr: e.q(|||
            (
              min by (%(cn)s, application, probe) (%(series)s)
              or (
                last_over_time(powerha:suspended_probe_success:last[%(memory)s])
                unless on (%(cn)s) %(heard)s
              )
            )
            and on (%(cn)s) (%(unmanaged)s)
          |||, { series: series, memory: memory, heard: e.heard(), unmanaged: e.unmanaged() }),
        },
      ],
    }],
  },
}
