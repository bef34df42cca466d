// While a node is unmanaged nobody restarts its applications. Its own exporter
// may be frozen at that time: these rules go on from the last known state, and
// never resolve because samples stay away.
local lib = import '../lib/expr.libsonnet';

{
  local config = $._config,
  local e = lib(config),
  local probe = e.select('powerha_application_probe_success', ['vantage="local"']),

  prometheusAlerts+:: {
    groups+: [{
      name: 'powerha-suspension',
      interval: e.span(config.ruleInterval),
      rules: [
        e.alert(
          'PowerHAResumeReady',
          |||
            powerha:gate:migration_end_timestamp_seconds
            and on (cluster, node) (min by (cluster, node) (%s) == 0)
          ||| % e.select('powerha_node_managed'),
          0,
          'none',
          'Node {{ $labels.node }} of {{ $labels.cluster }} is unmanaged and ready to be resumed.',
          'Its applications have been healthy for the whole window since the migration that ended at {{ $value | humanizeTimestamp }}.',
        ),
        e.alert(
          'PowerHAUnmanagedTooLong',
          |||
            (time() - %(since)s > %(limit)g)
            and on (cluster, node) (%(unmanaged)s)
          ||| % {
            since: e.known('min', 'powerha_resource_group_unmanaged_since_timestamp_seconds'),
            limit: config.unmanagedTooLong,
            unmanaged: e.unmanaged(),
          },
          0,
          config.criticalSeverity,
          'Node {{ $labels.node }} of {{ $labels.cluster }} has been unmanaged for {{ $value | humanizeDuration }}.',
          'PowerHA does not restart or move its applications until management is resumed. Look at lpmctl status on the node.',
        ),
        e.alert(
          'PowerHAApplicationDownWhileUnmanaged',
          // The last sample counts for as long as the exporter is not heard, for instance while the node is frozen.
          |||
            (
              min by (cluster, node, application, probe) (%(probe)s) == 0
              or
              (
                min by (cluster, node, application, probe) (last_over_time(%(probe)s[%(memory)s])) == 0
                unless on (cluster, node) %(heard)s
              )
            )
            and on (cluster, node) (%(unmanaged)s)
          ||| % {
            probe: probe,
            memory: e.span(config.memory),
            heard: e.heard(),
            unmanaged: e.unmanaged(),
          },
          config.applicationDownFor,
          config.criticalSeverity,
          'Application {{ $labels.application }} on unmanaged node {{ $labels.node }} of {{ $labels.cluster }} is down.',
          'Probe {{ $labels.probe }} fails and PowerHA will not act: the node is unmanaged. Mend the application, or resume management to let PowerHA recover it.',
        ),
        e.alert(
          'PowerHAUnmanagedOnly',
          '%s == 1' % e.remembered('max', 'powerha_actor_state', ['state="unmanaged_only"'], config.actorSelector),
          config.unmanagedOnlyFor,
          config.criticalSeverity,
          'Node {{ $labels.node }} of {{ $labels.cluster }} is unmanaged but not protected against a long freeze.',
          'The node timeout in force is too short or a dead man switch is still armed. See the decision on lpmctl status.',
        ),
        e.alert(
          'PowerHAActorNeedsOperator',
          '%s == 1' % e.remembered('max', 'powerha_actor_state', ['state="needs_operator"'], config.actorSelector),
          0,
          config.criticalSeverity,
          'The actor on {{ $labels.node }} of {{ $labels.cluster }} waits for an operator.',
          'It will not act alone any more in this episode. lpmctl status on the node tells why and which commands may be typed.',
        ),
      ],
    }],
  },
}
