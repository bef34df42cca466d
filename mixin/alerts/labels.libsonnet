// Labels on which everything else stands: missing, renamed by the scrape, or
// told twice. These rules go by instance and job, which are always there.
local lib = import '../lib/expr.libsonnet';

{
  local config = $._config,
  local e = lib(config),
  local infos(matchers) = [
    e.select('powerha_lpm_exporter_build_info', matchers),
    e.actor('powerha_lpm_actor_build_info', matchers),
  ],
  local by(series) = 'count by (instance, job) (%s)' % std.join(' or ', series),

  prometheusAlerts+:: {
    groups+: [{
      name: 'powerha-labels',
      interval: e.span(config.slowInterval),
      rules: [
        e.alert(
          'PowerHALabelsMissing',
          // The exporter tells of itself before it knows its cluster; the actor is silent until then.
          |||
            %s
            or (
              max by (instance, job) (up{%s} == 1)
              unless on (instance, job) (%s)
            )
          ||| % [
            by(infos(['%s=""' % config.clusterLabel]) + infos(['%s=""' % config.nodeLabel])),
            config.upSelector,
            by(infos([])),
          ],
          config.selfFor,
          config.warningSeverity,
          '{{ $labels.job }} at {{ $labels.instance }} does not tell its cluster and node.',
          'The exporter has not learned the name of its cluster, or relabelling drops the labels. No rule speaks of this node until then.',
          'health',
        ),
        e.alert(
          'PowerHALabelsClash',
          by(infos(['exported_cluster!=""']) + infos(['exported_node!=""'])),
          config.selfFor,
          config.warningSeverity,
          'Labels of {{ $labels.job }} at {{ $labels.instance }} were renamed by the scrape.',
          'The target has a label cluster or node of its own, and the job lacks honor_labels: true. Rules and gate go by the wrong names.',
          'health',
        ),
        e.alert(
          'PowerHADuplicateExporter',
          e.q('count by (%(cn)s) (count by (%(cn)s, instance) (%(phase)s)) > 1', {
            phase: e.select('powerha_lpm_phase', ['phase="idle"']),
          }),
          config.selfFor,
          config.warningSeverity,
          '{{ $value }} exporters tell of node {{ $labels.node }} of {{ $labels.cluster }}.',
          'A copied configuration with cluster.node in it, or one exporter under two addresses. Where they differ, rules take the worse, and the gate stays shut.',
          'health',
        ),
      ],
    }],
  },
}
