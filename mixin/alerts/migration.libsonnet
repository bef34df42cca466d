// What goes wrong in the migration itself.
local lib = import '../lib/expr.libsonnet';

{
  local config = $._config,
  local e = lib(config),

  // A metric that peers publish about a node, under that node's own name.
  local told(agg, name, matchers=[]) =
    '%s by (cluster, node) (label_replace(%s, "node", "$1", "peer", "(.+)"))' % [agg, e.select(name, matchers)],

  prometheusAlerts+:: {
    groups+: [{
      name: 'powerha-migration',
      interval: e.span(config.ruleInterval),
      rules: [
        e.alert(
          'PowerHAFreezeBeyondBudget',
          |||
            (
              max by (cluster, node) (%(duration)s)
              > on (cluster, node)
              min by (cluster, node) (%(budget)s)
            )
            and on (cluster, node) (time() - max by (cluster, node) (%(start)s) < %(recent)g)
          ||| % {
            duration: e.select('powerha_lpm_last_freeze_duration_seconds', ['estimator="fused"']),
            start: e.select('powerha_lpm_last_freeze_start_timestamp_seconds', ['estimator="fused"']),
            budget: e.select('powerha_lpm_freeze_budget_seconds', ['scope="lpm"']),
            recent: config.freezeReportedFor,
          },
          0,
          config.criticalSeverity,
          'Node {{ $labels.node }} of {{ $labels.cluster }} was frozen for {{ $value | humanizeDuration }}, longer than its cluster tolerates.',
          'Other nodes may have declared it down. Look for takeovers, and raise HEARTBEAT_FREQUENCY_DURING_LPM before the next migration.',
        ),
        e.alert(
          'PowerHANodeLostDuringLPM',
          // Three sides must agree: every peer that is heard says that it is silent, it was migrating or unmanaged
          // when last heard, and Prometheus does not hear it either.
          |||
            (%(up)s == 0)
            and on (cluster, node) (
              (%(phase)s == 1)
              or on (cluster, node) (%(unmanaged)s)
            )
            unless on (cluster, node) %(heard)s
          ||| % {
            up: told('max', 'powerha_peer_up'),
            phase: told('max', 'powerha_peer_lpm_phase', ['phase=~"preparing|migrating|settling|rolling_back"']),
            unmanaged: e.unmanaged(),
            heard: e.heard(),
          },
          config.nodeLostFor,
          config.criticalSeverity,
          'Node {{ $labels.node }} of {{ $labels.cluster }} is silent in the midst of a migration.',
          'It may be frozen or dead. Its applications are not taken over while it is unmanaged. Power the partition off at the HMC before any failover; lpmctl status on a standby shows what is needed.',
        ),
        e.alert(
          'PowerHALeftover',
          |||
            (max by (cluster, node, what) (%s) == 1)
            and on (cluster, node) (max by (cluster, node) (%s) == 1)
          ||| % [
            e.select('powerha_lpm_leftover'),
            e.select('powerha_lpm_phase', ['phase="idle"']),
          ],
          config.leftoverFor,
          config.warningSeverity,
          'Migration of {{ $labels.node }} of {{ $labels.cluster }} left {{ $labels.what }} changed.',
          "PowerHA's own script did not put it back. Until that is mended, failures are noticed late or not at all.",
        ),
      ],
    }],
  },
}
