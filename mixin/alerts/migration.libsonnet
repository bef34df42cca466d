// What goes wrong in the migration itself.
local lib = import '../lib/expr.libsonnet';

{
  local config = $._config,
  local e = lib(config),
  // Events by which a workload moves: one alert, not two.
  local moved = 'takeover|rg_move|node_down',
  local reported = e.span(config.eventReportedFor),

  local happened(name, matchers, extra, span=reported) =
    '%s > 0' % e.by('max', 'increase(%s[%s])' % [e.select(name, matchers), span], extra),
  // Nodes in migration or unmanaged, by what they themselves last told.
  local onTheWay = e.q('(powerha:node_migrating == 1 or on (%(cn)s) (%(unmanaged)s))', { unmanaged: e.unmanaged() }),

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
          // when last heard, and Prometheus hears neither its exporter nor its actor.
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
            up: e.told('max', e.select('powerha_peer_up')),
            phase: e.told('max', e.select('powerha_peer_lpm_phase', ['phase=~"preparing|migrating|settling|rolling_back"'])),
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
            unwanted: happened('powerha_lpm_unwanted_cluster_events_total', ['event=~"%s"' % moved], 'event', e.span(config.takeoverFor)),
            takeover: happened('powerha_cluster_events_total', ['event="takeover"'], 'event', e.span(config.takeoverFor)),
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
          |||, { onTheWay: onTheWay, heard: e.heard() }),
          0,
          'none',
          'Node {{ $labels.node }} of {{ $labels.cluster }} is silent in its migration, for no longer than its cluster tolerates.',
          'A frozen partition answers nobody. Inhibits PowerHATargetDown and PowerHAPeerSilent of this node, and nothing else.',
        ),
        e.alert(
          'PowerHAUnwantedClusterEvent',
          happened('powerha_lpm_unwanted_cluster_events_total', ['event!~"%s"' % moved], 'event'),
          0,
          config.warningSeverity,
          'Cluster event {{ $labels.event }} in a migration of {{ $labels.node }} of {{ $labels.cluster }}.',
          'A protected migration does not cause it. lpmctl report shows when it came and what it means.',
          'history',
        ),
        e.alert(
          'PowerHAMigrationLost',
          happened('powerha_lpm_migrations_total', ['result=~"lost|rebooted"'], 'result'),
          0,
          config.warningSeverity,
          'A migration of {{ $labels.node }} of {{ $labels.cluster }} ended {{ $labels.result }}.',
          'The partition was lost, or booted, in the midst of it. Look at its resource groups and at the settings of PowerHA that the boot put back.',
          'history',
        ),
        e.alert(
          'PowerHAMigrationTooLong',
          e.held('PowerHAMigrationTooLong', e.q(|||
            (%(phase)s == 1)
            and on (%(cn)s) (time() - %(start)s > %(limit)g)
          |||, {
            phase: e.by('max', e.select('powerha_lpm_phase', ['phase!="idle"']), 'phase'),
            start: e.by('max', e.select('powerha_lpm_phase_start_timestamp_seconds')),
            limit: config.migrationTooLong,
          }), 'phase'),
          0,
          config.warningSeverity,
          'The migration of {{ $labels.node }} of {{ $labels.cluster }} has been {{ $labels.phase }} for long.',
          'Look at the HMC. If no migration is under way, a record of its end is missing: lpmctl end REASON closes it.',
        ),
        e.alert(
          'PowerHAMigrationVerdictFailed',
          e.held('PowerHAMigrationVerdictFailed', e.q(|||
            (%(verdict)s == 1)
            and on (%(cn)s) (time() - %(end)s < %(recent)g)
          |||, {
            verdict: e.by('max', e.select('powerha_lpm_last_verdict', ['verdict="fail"'])),
            end: e.by('max', e.select('powerha_lpm_last_migration_end_timestamp_seconds')),
            recent: config.freezeReportedFor,
          })),
          0,
          config.warningSeverity,
          'The migration of {{ $labels.node }} of {{ $labels.cluster }} was judged a failure.',
          'lpmctl report lists the findings: freeze, cluster events, applications, managed again, leftovers.',
          'history',
        ),
        e.alert(
          'PowerHAFreezeWitnessesDisagree',
          e.held('PowerHAFreezeWitnessesDisagree', e.q(|||
            (%(by)s > 0)
            and on (%(cn)s) (time() - %(start)s < %(recent)g)
          |||, {
            by: e.by('max', e.select('powerha_lpm_freeze_disagreement_seconds')),
            start: e.by('max', e.select('powerha_lpm_last_freeze_start_timestamp_seconds', ['estimator="fused"'])),
            recent: config.freezeReportedFor,
          })),
          0,
          config.infoSeverity,
          'Two witnesses of the last freeze of {{ $labels.node }} of {{ $labels.cluster }} contradict each other.',
          'Neither figure is to be trusted: a clock was set, or heartbeats were lost.',
          'history',
        ),
        e.alert(
          'PowerHAPreflightNotReady',
          e.held('PowerHAPreflightNotReady', e.q(|||
            (%(check)s == 0)
            and on (%(cn)s) (%(window)s == 1)
          |||, {
            check: e.by('min', e.actor('powerha_actor_preflight_ready'), 'check'),
            window: e.by('max', e.actor('powerha_actor_window_open')),
          }), 'check', e.actorHeard()),
          config.preflightFor,
          config.warningSeverity,
          'A maintenance window is open, and check {{ $labels.check }} refuses a migration of {{ $labels.node }} of {{ $labels.cluster }}.',
          'lpmctl plan on the node says why.',
          'fleet',
        ),
        e.alert(
          'PowerHALeftover',
          // While a node of the cluster is on its way the node timeout of all is that of migrations.
          e.held('PowerHALeftover', e.q(|||
            (%(leftover)s == 1)
            and on (%(cn)s) (%(idle)s == 1)
            unless on (%(c)s) (count by (%(c)s) %(onTheWay)s)
          |||, {
            onTheWay: onTheWay,
            leftover: e.by('max', e.select('powerha_lpm_leftover'), 'what'),
            idle: e.by('max', e.select('powerha_lpm_phase', ['phase="idle"'])),
          }), 'what'),
          config.leftoverFor,
          config.warningSeverity,
          'Migration of {{ $labels.node }} of {{ $labels.cluster }} left {{ $labels.what }} changed.',
          "PowerHA's own script did not put it back. Until that is mended, failures are noticed late or not at all.",
        ),
      ],
    }],
  },
}
