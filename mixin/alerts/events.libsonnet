// What a migration leaves to look at. Nothing of it is undone by looking a
// minute sooner, so it is evaluated less often than what pages.
local lib = import '../lib/expr.libsonnet';

{
  local config = $._config,
  local e = lib(config),

  prometheusAlerts+:: {
    groups+: [{
      name: 'powerha-events',
      interval: e.span(config.slowInterval),
      rules: [
        e.alert(
          'PowerHAUnwantedClusterEvent',
          e.counted(e.select('powerha_lpm_unwanted_cluster_events_total', ['event!~"%s"' % e.moves]), 'event'),
          0,
          config.warningSeverity,
          'Cluster event {{ $labels.event }} in a migration of {{ $labels.node }} of {{ $labels.cluster }}.',
          'A protected migration does not cause it. lpmctl report shows when it came and what it means.',
          'history',
        ),
        e.alert(
          'PowerHAMigrationLost',
          e.counted(e.select('powerha_lpm_migrations_total', ['result=~"lost|rebooted"']), 'result'),
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
            onTheWay: e.onTheWay(),
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
