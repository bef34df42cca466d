// What the actor asks for, and that it is there while it is needed. Its last
// word counts while its node is frozen.
local lib = import '../lib/expr.libsonnet';

{
  local config = $._config,
  local e = lib(config),
  // Nodes whose actor tells that, and told it when it was last heard.
  local told(alert, expr, extra='') = e.held(alert, expr, extra, e.actorHeard()),
  local state(alert, value) = told(alert, e.by('max', e.actor('powerha_actor_state', ['state="%s"' % value])) + ' == 1'),

  prometheusAlerts+:: {
    groups+: [{
      name: 'powerha-actor',
      interval: e.span(config.ruleInterval),
      rules: [
        e.alert(
          'PowerHAActorNeedsOperator',
          state('PowerHAActorNeedsOperator', 'needs_operator'),
          0,
          config.criticalSeverity,
          'The actor on {{ $labels.node }} of {{ $labels.cluster }} waits for an operator.',
          'It will not act alone any more in this episode. lpmctl status on the node tells why and which commands may be typed.',
        ),
        e.alert(
          'PowerHAApprovalPending',
          told('PowerHAApprovalPending', e.by('max', e.actor('powerha_actor_pending_approvals')) + ' > 0'),
          0,
          config.criticalSeverity,
          'The actor on {{ $labels.node }} of {{ $labels.cluster }} waits for an approval.',
          'A failover is prepared and needs a word that the lost partition is off. lpmctl status on the node shows what is to be approved.',
        ),
        e.alert(
          'PowerHAUnmanagedOnly',
          state('PowerHAUnmanagedOnly', 'unmanaged_only'),
          config.unmanagedOnlyFor,
          config.criticalSeverity,
          'Node {{ $labels.node }} of {{ $labels.cluster }} is unmanaged but not protected against a long freeze.',
          'The node timeout in force is too short or a dead man switch is still armed. See the decision on lpmctl status.',
        ),
        e.alert(
          'PowerHASuspensionDeadlineNear',
          e.q('(%(deadline)s - time() < %(near)g) and on (%(cn)s) (%(unmanaged)s)', {
            deadline: e.known('min', e.actor('powerha_actor_suspension_deadline_timestamp_seconds'), e.actorHeard()),
            near: config.deadlineNear,
            unmanaged: e.unmanaged(),
          }),
          0,
          config.warningSeverity,
          'The suspension of {{ $labels.node }} of {{ $labels.cluster }} ends in {{ $value | humanizeDuration }}.',
          'At its deadline the actor calls for an operator. lpmctl extend --for 30m REASON moves it.',
        ),
        e.alert(
          'PowerHAActorHeld',
          told('PowerHAActorHeld', e.q('(%(held)s == 1) and on (%(cn)s) (%(unmanaged)s)', {
            held: e.by('max', e.actor('powerha_actor_held')),
            unmanaged: e.unmanaged(),
          })),
          config.heldFor,
          config.warningSeverity,
          "An operator's hold keeps {{ $labels.node }} of {{ $labels.cluster }} unmanaged.",
          'The actor neither resumes nor fails over until lpmctl release REASON.',
        ),
        e.alert(
          'PowerHAActorDryRun',
          told('PowerHAActorDryRun', e.q('(%(dry)s == 1) and on (%(cn)s) (%(unmanaged)s)', {
            dry: e.by('max', e.actor('powerha_actor_dry_run')),
            unmanaged: e.unmanaged(),
          })),
          config.unmanagedOnlyFor,
          config.warningSeverity,
          'The actor of unmanaged node {{ $labels.node }} of {{ $labels.cluster }} runs with --dry-run.',
          'It prints its commands and runs none: nobody resumes this node but people.',
        ),
        e.alert(
          'PowerHAActorGone',
          // The dead man's switch: it gave samples, the node is unmanaged, and it gives none now.
          e.q(|||
            (%(unmanaged)s)
            and on (%(cn)s) powerha:node_info{program="actor"}
            unless on (%(cn)s) %(heard)s
          |||, { unmanaged: e.unmanaged(), heard: e.actorHeard() }),
          config.blindFor,
          config.criticalSeverity,
          'The actor of unmanaged node {{ $labels.node }} of {{ $labels.cluster }} gives no samples.',
          'Nobody watches the deadline or resumes management. If the node is not frozen, start powerha_lpm_actor: it goes on from its journal.',
        ),
      ],
    }, {
      name: 'powerha-actor-errors',
      interval: e.span(config.slowInterval),
      rules: [
        e.alert(
          'PowerHAActorCommandFailed',
          e.counted(e.actor('powerha_actor_commands_total', ['result=~"failed|unknown"']), 'command'),
          0,
          config.warningSeverity,
          'Command {{ $labels.command }} of the actor on {{ $labels.node }} of {{ $labels.cluster }} failed, or nobody knows its result.',
          'lpmctl journal show has the command, its output and what was read afterwards.',
        ),
        e.alert(
          'PowerHAJournalErrors',
          e.counted(e.actor('powerha_actor_journal_errors_total')),
          0,
          config.warningSeverity,
          'The actor on {{ $labels.node }} of {{ $labels.cluster }} cannot write its journal.',
          'It does nothing that it cannot record. Look at the space in state_dir.',
        ),
        e.alert(
          'PowerHAWebhookRejected',
          '%s > 0' % e.by('max', 'rate(%s[%s])' % [
            e.actor('powerha_actor_webhook_requests_total', ['result=~"rejected|limited"']),
            e.span(config.selfFor),
          ], 'result'),
          config.selfFor,
          config.warningSeverity,
          "Requests to the actor's webhook on {{ $labels.node }} of {{ $labels.cluster }} are {{ $labels.result }}.",
          'Alertmanager is not configured as the webhook demands, or somebody else calls it.',
          'health',
        ),
      ],
    }],
  },
}
