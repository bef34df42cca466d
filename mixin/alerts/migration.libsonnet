// What goes wrong in the migration itself, and cannot wait.
local lib = import '../lib/expr.libsonnet';

{
  local config = $._config,
  local e = lib(config),

  prometheusAlerts+:: {
    groups+: [{
      name: 'powerha-migration',
      interval: e.span(config.ruleInterval),
      rules: [
        e.alert(
          'PowerHAFreezeBeyondBudget',
          e.held('PowerHAFreezeBeyondBudget', e.q(|||
            (
              %(duration)s
              > on (%(cn)s)
              %(budget)s
            )
            and on (%(cn)s) (time() - %(start)s < %(recent)g)
          |||, {
            duration: e.by('max', e.select('powerha_lpm_last_freeze_duration_seconds', ['estimator="fused"'])),
            start: e.by('max', e.select('powerha_lpm_last_freeze_start_timestamp_seconds', ['estimator="fused"'])),
            budget: e.by('min', e.select('powerha_lpm_freeze_budget_seconds', ['scope="lpm"'])),
            recent: config.freezeReportedFor,
          })),
          0,
          config.criticalSeverity,
          'Node {{ $labels.node }} of {{ $labels.cluster }} was frozen for longer than its cluster tolerates.',
          'Other nodes may have declared it down. Look for takeovers, and raise HEARTBEAT_FREQUENCY_DURING_LPM before the next migration.',
          'history',
        ),
        e.alert(
          'PowerHANodeLostDuringLPM',
          // Three sides must agree: every peer that is heard says that it is silent, it was migrating or unmanaged
          // when last heard, and Prometheus hears neither its exporter nor its actor. A failed scrape of a peer does not
          // take its word back.
          e.q(|||
            (%(up)s == 0)
            and on (%(cn)s) (
              (%(phase)s == 1)
              or on (%(cn)s) (%(unmanaged)s)
            )
            unless on (%(cn)s) %(heard)s
            unless on (%(cn)s) %(actor)s
          |||, {
            actor: e.actorHeard(),
            up: e.told('max', e.lately(e.select('powerha_peer_up'))),
            phase: e.told('max', e.lately(e.select('powerha_peer_lpm_phase', ['phase=~"preparing|migrating|settling|rolling_back"']))),
            unmanaged: e.unmanaged(),
            heard: e.heard(),
          }),
          config.nodeLostFor,
          config.criticalSeverity,
          'Node {{ $labels.node }} of {{ $labels.cluster }} is silent in the midst of a migration.',
          'It may be frozen or dead. Its applications are not taken over while it is unmanaged. Power the partition off at the HMC before any failover; lpmctl status on a standby shows what is needed.',
        ),
        e.alert(
          'PowerHATakeoverDuringMigration',
          // What the migrating node's own logs tell, or a takeover that another node sees at that time, unless the
          // actor there was told to make it.
          e.q(|||
            (%(unwanted)s)
            or (
              (%(takeover)s)
              and on (%(c)s) (count by (%(c)s) (last_over_time(powerha:node_migrating[%(span)s]) == 1 or on (%(cn)s) (%(unmanaged)s)))
              unless on (%(cn)s) (%(failover)s == 1)
            )
          |||, {
            unwanted: e.counted(e.select('powerha_lpm_unwanted_cluster_events_total', ['event=~"%s"' % e.moves]), 'event', config.takeoverFor),
            takeover: e.counted(e.select('powerha_cluster_events_total', ['event="takeover"']), 'event', config.takeoverFor),
            unmanaged: e.unmanaged(),
            span: e.span(config.takeoverFor),
            failover: e.by('max', 'max_over_time(%s[%s])' % [
              e.actor('powerha_actor_state', ['state=~"failover_pending|failing_over"']),
              e.span(2 * config.takeoverFor),
            ]),
          }),
          0,
          config.criticalSeverity,
          'Node {{ $labels.node }} of {{ $labels.cluster }} saw {{ $labels.event }} during a migration.',
          'PowerHA may have started the workload a second time while the frozen node still has it. See on which node each group runs before anything else.',
          'fleet',
        ),
        e.alert(
          'PowerHAFreezeExpected',
          // With instance and job, so that alerts about up alone can be inhibited too.
          e.q(|||
            powerha:node_info
            and on (%(cn)s) (
              time() - max by (%(cn)s) (powerha:node_heard:timestamp_seconds)
              < on (%(cn)s)
              min by (%(cn)s) (powerha:node_freeze_budget:seconds)
            )
            and on (%(cn)s) %(onTheWay)s
            unless on (%(cn)s) %(heard)s
          |||, { onTheWay: e.onTheWay(), heard: e.heard() }),
          0,
          'none',
          'Node {{ $labels.node }} of {{ $labels.cluster }} is silent in its migration, for no longer than its cluster tolerates.',
          'A frozen partition answers nobody. Inhibits PowerHATargetDown and PowerHAPeerSilent of this node, and nothing else.',
        ),
      ],
    }],
  },
}
