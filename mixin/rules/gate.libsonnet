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
  local g = (import '../lib/gate.libsonnet')(config, e),

  local gate = e.q(|||
    (%(endMax)s == %(endMin)s)
    and on (%(cn)s) (time() - %(endMax)s >= %(seconds)g)
    and on (%(cn)s) (%(endChanges)s == 0)
    and on (%(cn)s) (%(endSamples)s >= %(enough)d)
    and on (%(cn)s) (%(moving)s == 0)
    and on (%(cn)s) (
      (
        (%(probeWorst)s == 1)
        and on (%(cn)s) (%(probeSamples)s >= %(enough)d)
        and on (%(cn)s) (%(probeProgress)s > 0)
      )
      or on (%(cn)s) (
        (%(owner)s == 0)
        and on (%(cn)s) (%(collectorWorst)s == 1)
        and on (%(cn)s) (%(collectorSamples)s >= %(enough)d)
        and on (%(cn)s) (%(collectorProgress)s > 0)
        unless on (%(cn)s) (%(probed)s)
      )
    )
  |||, g { seconds: config.gateWindow }),

  // The actors ask by cluster and node, whatever these labels are called elsewhere.
  local renamed(expr, from, to) =
    if from == to then expr else 'label_replace(%s, "%s", "$1", "%s", "(.+)")' % [expr, to, from],
  local named =
    if config.clusterLabel == 'cluster' && config.nodeLabel == 'node' then gate
    else 'max by (cluster, node) (%s)' % renamed(renamed(gate, config.clusterLabel, 'cluster'), config.nodeLabel, 'node'),

  prometheusRules+:: {
    groups+: [{
      name: 'powerha-gate',
      interval: e.span(config.ruleInterval),
      // In this order: that the last one is fresh proves that the first was evaluated.
      rules: [
        { record: 'powerha:gate:migration_end_timestamp_seconds', expr: named },
        { record: 'powerha:gate_window:seconds', expr: 'vector(%g)' % config.gateWindow },
        { record: 'powerha:gate_evaluated:timestamp_seconds', expr: 'vector(time())' },
      ],
    }],
  },
}
