// While a node is unmanaged nobody restarts its applications. Its own exporter
// may be frozen at that time: these rules go on from the last known state, and
// never resolve because samples stay away.
local lib = import '../lib/expr.libsonnet';

{
  local config = $._config,
  local e = lib(config),
  local normal = e.select('powerha_node_state', ['state="normal"']),

  prometheusAlerts+:: {
    groups+: [{
      name: 'powerha-suspension',
      interval: e.span(config.ruleInterval),
      rules: [
        e.alert(
          'PowerHAApplicationDownWhileUnmanaged',
          e.q('(powerha:suspended_probe_success:last == 0) and on (%(cn)s) (%(unmanaged)s)', { unmanaged: e.unmanaged() }),
          config.applicationDownFor,
          config.criticalSeverity,
          'Application {{ $labels.application }} on unmanaged node {{ $labels.node }} of {{ $labels.cluster }} is down.',
          'Probe {{ $labels.probe }} fails and PowerHA will not act: the node is unmanaged. Mend the application, or resume management to let PowerHA recover it.',
        ),
        e.alert(
          'PowerHAApplicationUnreachableWhileUnmanaged',
          // No peer reaches it. A peer that is silent does not count.
          e.q(|||
            (
              %(peer)s == 0
            )
            and on (%(cn)s) (%(unmanaged)s)
          |||, {
            peer: e.told('max', e.select('powerha_application_probe_success', ['vantage="peer"']), 'target_node', 'application, probe'),
            unmanaged: e.unmanaged(),
          }),
          config.applicationUnreachableFor,
          config.criticalSeverity,
          'Application {{ $labels.application }} of unmanaged node {{ $labels.node }} of {{ $labels.cluster }} is not reached by its users.',
          'No peer succeeds with probe {{ $labels.probe }}, and PowerHA will not act: the node is unmanaged. It may still be frozen; a local probe that succeeds points to the network.',
          'slo',
        ),
        e.alert(
          'PowerHAUnmanagedTooLong',
          e.q('(time() - %(since)s > %(limit)g) and on (%(cn)s) (%(unmanaged)s)', {
            since: e.known('min', e.select('powerha_resource_group_unmanaged_since_timestamp_seconds')),
            limit: config.unmanagedTooLong,
            unmanaged: e.unmanaged(),
          }),
          0,
          config.criticalSeverity,
          'Node {{ $labels.node }} of {{ $labels.cluster }} has been unmanaged for {{ $value | humanizeDuration }}.',
          'PowerHA does not restart or move its applications until management is resumed. Look at lpmctl status on the node.',
        ),
        e.alert(
          'PowerHAGroupUnattended',
          // Also when the memory of the node that suspended it has run out.
          e.q(|||
            (max by (%(c)s, resource_group) (%(group)s == 0) + 1)
            unless on (%(c)s) (count by (%(c)s) (%(node)s == 0))
          |||, {
            group: e.select('powerha_resource_group_managed'),
            node: e.select('powerha_node_managed'),
          }),
          config.unattendedFor,
          config.criticalSeverity,
          'Resource group {{ $labels.resource_group }} of {{ $labels.cluster }} is unmanaged, and the node that suspended it is not heard.',
          'The other nodes print UNMANAGED for it; no exporter of an unmanaged node gives samples. Nobody restarts or moves it.',
          'fleet',
        ),
        e.alert(
          'PowerHANoTakeoverTarget',
          // What it said of a node that is not heard goes on only until any node is normal.
          '(%s) unless on (%s) (count by (%s) (%s == 1))' % [e.held(
            'PowerHANoTakeoverTarget',
            // Each node is believed about itself first, then the unmanaged node about its peers.
            e.q(|||
              (%(unmanaged)s)
              and on (%(c)s) (count by (%(c)s) (last_over_time(%(normal)s[%(span)s])))
              unless on (%(c)s) (count by (%(c)s) (%(normal)s == 1))
              unless on (%(cn)s) (%(peer)s == 1)
            |||, {
              unmanaged: e.unmanaged(),
              normal: normal,
              span: e.span(config.factMemory),
              peer: e.by('max', e.select('powerha_peer_node_state', ['state="normal"'])),
            })
          ), e.c, e.c, normal],
          config.noTargetFor,
          config.criticalSeverity,
          'No node of {{ $labels.cluster }} could take over from unmanaged node {{ $labels.node }}.',
          'No other node is normal by its own word or by that of the unmanaged node. If the partition is lost now, its applications stay down.',
          'fleet',
        ),
        e.alert(
          'PowerHAStandbyUnhealthy',
          e.q(|||
            (powerha:node_managed:last == 1)
            and on (%(c)s) (%(unmanaged)s)
            unless on (%(cn)s) (
              (%(normal)s == 1)
              and on (%(cn)s) (%(stable)s == 1)
            )
          |||, {
            unmanaged: e.unmanaged(),
            normal: e.by('max', normal),
            stable: e.by('max', e.select('powerha_cluster_manager_state', ['state="stable"'])),
          }),
          config.standbyFor,
          config.warningSeverity,
          'Node {{ $labels.node }} of {{ $labels.cluster }} could not take over well while another node is unmanaged.',
          'It is not normal, its cluster manager is not stable, or its exporter gives no samples.',
          'fleet',
        ),
        e.alert(
          'PowerHAGateCannotConfirm',
          e.held(
            'PowerHAGateCannotConfirm',
            e.q(|||
              max by (%(cn)s, condition) (powerha:gate_missing{condition!~"end_known|migration_over"})
              unless on (%(cn)s) powerha:gate_missing{condition=~"end_known|migration_over"}
            |||),
            'condition',
          ),
          config.gateSilentFor,
          config.warningSeverity,
          'The health of unmanaged node {{ $labels.node }} of {{ $labels.cluster }} cannot be confirmed: {{ $labels.condition }}.',
          'Its migration has ended, and this condition of the gate is not met. A gated actor waits, until its deadline.',
        ),
        e.alert(
          'PowerHAResumeReady',
          e.q('%(gate)s and on (%(cn)s) (%(managed)s == 0)', {
            gate: e.gate(),
            managed: e.by('min', e.select('powerha_node_managed')),
          }),
          0,
          'none',
          'Node {{ $labels.node }} of {{ $labels.cluster }} is unmanaged and ready to be resumed.',
          'Its applications have been healthy for the whole window since the migration that ended at {{ $value | humanizeTimestamp }}.',
        ),
      ],
    }],
  },
}
