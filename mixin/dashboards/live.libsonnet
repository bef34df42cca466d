// Migration, live: one node, from the check to the resume.
//
// The node of which it tells is frozen for a while, and gives no samples then:
// what is told as "now" is the last sample within _config.memory, and the first
// panel says how old that is.
local c = import '../lib/palette.libsonnet';
local p = import '../lib/panels.libsonnet';
local states = import '../lib/states.libsonnet';
local dashboard = import '../lib/dashboard.libsonnet';
local expr = import '../lib/expr.libsonnet';
local items = import '../lib/gate_items.libsonnet';
local query = import '../lib/query.libsonnet';

{
  local config = $._config,
  local d = dashboard(config),
  local q = query(config),
  local gate = items(q, expr(config)),
  local group = ['resource_group=~"$resource_group"'],
  local application = ['application=~"$application"'],
  local lastOf(name, matchers=[]) = q.last(q.sel(name, matchers)),

  local now = d.row('Now', [
    p.stat(
      'Last heard',
      'Seconds since the last sample of this exporter. A frozen node is silent; everything that is called now below is then what it told last.',
      's',
      'not heard for %s' % q.memory,
      [p.instant(q.since(q.recorded('powerha:node_heard:timestamp_seconds')))],
    ) + p.steps(c.good, [[4 * config.scrapeInterval, c.warn], [config.nodeLostFor, c.bad]]) + p.decimals(0),
    p.state(
      'Phase',
      'Phase of the migration of this node. unknown: the records contradict each other, or cannot be read.',
      'no exporter has told one',
      q.encode(states.phase, 'phase', function(m) lastOf('powerha_lpm_phase', m)),
      states.numbered(states.phase),
    ),
    p.stat(
      'In this phase for',
      'Since the first record that began the phase.',
      's',
      'no phase is known',
      [p.instant(q.since(q.by('max', lastOf('powerha_lpm_phase_start_timestamp_seconds'))))],
    ) + p.steps(c.calm),
    p.state(
      'What happens next',
      'By the state of the actor on this node. lpmctl status on the node gives the whole sentence, and the commands that may be typed.',
      'no actor gives samples: lpmctl status on the node',
      q.encode(states.actor, 'state', function(m) q.last(q.actor('powerha_actor_state', m))),
      states.numbered(states.next),
      w=8,
    ),
    p.stat(
      'Time left to the deadline',
      'Until the suspension counts as too long and the actor asks for an operator. lpmctl extend moves it, with a reason.',
      's',
      'no suspension',
      [p.instant('%s - time()' % q.by('min', q.actor('powerha_actor_suspension_deadline_timestamp_seconds')))],
    ) + p.steps(c.bad, [[0, c.warn], [config.blindFor, c.good]]) + p.decimals(0),
    p.state(
      'Management',
      'Whether PowerHA manages the resource groups of this node. While it does not, it neither restarts nor moves an application.',
      'not known',
      'max by (%s) (%s)' % [q.key, q.recorded('powerha:node_managed:last')],
      states.flag('managed', 'unmanaged'),
    ),
    p.stat(
      'Unmanaged for',
      'The longest of the groups of this node. Pages after %s.' % q.span(config.unmanagedTooLong),
      's',
      'managed',
      [p.instant('%s and on (%s) %s' % [
        q.since(q.by('min', lastOf('powerha_resource_group_unmanaged_since_timestamp_seconds', group))),
        q.key,
        q.unmanaged,
      ])],
    ) + p.steps(c.calm, [[config.unmanagedTooLong / 2, c.warn], [config.unmanagedTooLong, c.bad]]),
    p.state(
      'Actor',
      'What the actor of this node is doing.',
      'no actor gives samples',
      q.encode(states.actor, 'state', function(m) q.last(q.actor('powerha_actor_state', m))),
      states.numbered(states.actor),
    ),
    p.state(
      'Gate',
      'Open: the rules confirm the last migration of this node, and the actor may resume on it. Items below.',
      'the rules are not evaluated',
      gate.open,
      states.flag('open', 'shut'),
    ),
    p.stat(
      'Waiting for people',
      'Decisions that wait for an approval, and whether an operator holds the actor.',
      'short',
      'no actor gives samples',
      [
        p.instant(q.by('max', q.actor('powerha_actor_pending_approvals')), 'approvals'),
        p.instant(q.by('max', q.actor('powerha_actor_held')), 'held'),
      ],
    ) + p.steps(c.good, [[1, c.person]]),
    p.stat(
      'Alerts that fire',
      'Alerts of this node, of whatever severity that pages or warns. They are listed at the bottom.',
      'short',
      'none',
      [p.instant('count(ALERTS{alertname=~"PowerHA.+", alertstate="firing", severity!="none", %s=~"$cluster", %s=~"$node"})' % [config.clusterLabel, config.nodeLabel])],
    ) + p.steps(c.good, [[1, c.bad]]),
  ]),

  local course = d.row('Course', [
    p.timeline(
      'Phase',
      'Gaps: the node gave no samples, because it was frozen or because its exporter or the network was away.',
      'no exporter has told one',
      [p.range(q.encode(states.phase, 'phase', function(m) q.sel('powerha_lpm_phase', m)), '{{%s}}' % config.nodeLabel)],
      states.numbered(states.phase),
    ),
    p.timeline(
      'Management and heartbeats',
      'managed: by PowerHA, as this node tells. heard by: whether the exporter of that peer receives the heartbeats of this node. Both seen during the freeze.',
      'nobody has told it',
      [
        p.range(q.min('powerha_node_managed'), 'managed'),
        p.range('max by (%s, peer) (%s)' % [q.key, 'powerha_peer_up{%s=~"$cluster", peer=~"$node"%s}' % [
          config.clusterLabel,
          if config.selector == '' then '' else ', ' + config.selector,
        ]], 'heard by {{%s}}' % config.nodeLabel),
      ],
      states.flag('yes', 'no'),
      h=5,
    ),
    p.timeline(
      'Actor',
      'State of the actor of this node.',
      'no actor gives samples',
      [p.range(q.encode(states.actor, 'state', function(m) q.actor('powerha_actor_state', m)), 'actor of {{%s}}' % config.nodeLabel)],
      states.numbered(states.actor),
    ),
    p.timeline(
      'Resource groups on this node',
      'State of each resource group on this node, as clRGinfo tells it.',
      'no resource group is known',
      [p.range(
        q.encode(states.group, 'state', function(m) q.sel('powerha_resource_group_state', group + m), 'resource_group'),
        '{{resource_group}}'
      )],
      states.numbered(states.group),
    ),
    p.timeline(
      'Applications by their probes',
      'local: probed on this node, the last known owner. seen by: probed from another node, as users see it; these go on while this node is frozen.',
      'no probe of these applications runs: docs/probes.md',
      [
        p.range(q.min('powerha_application_probe_success', ['vantage="local"'] + application, 'application, probe'), '{{application}}/{{probe}}, local'),
        p.range('min by (%s, application, probe, target_node) (powerha_application_probe_success{%s=~"$cluster", vantage="peer", target_node=~"$node|", application=~"$application"%s})' % [
          q.key,
          config.clusterLabel,
          if config.selector == '' then '' else ', ' + config.selector,
        ], '{{application}}/{{probe}}, seen by {{%s}}' % config.nodeLabel),
      ],
      states.flag('up', 'down'),
      h=5,
    ),
  ]),

  local freeze = d.row('Freeze', [
    p.bars(
      'Last freeze against the budget',
      'clock: the gap seen inside. peer: the step of the clock offset to a peer. fused: their sum, the answer. Budget: the longest freeze that the cluster tolerates, prepared for a migration and in calm times.',
      's',
      'no freeze was seen yet',
      [
        p.instant(q.max('powerha_lpm_last_freeze_duration_seconds', labels='estimator'), '{{estimator}}'),
        p.instant(q.min('powerha_lpm_freeze_budget_seconds', labels='scope'), 'budget, {{scope}}'),
      ],
    ) + p.steps(c.sky) + p.colors({ fused: c.vermillion, clock: c.orange, peer: c.purple, 'budget, lpm': c.green, 'budget, idle': c.grey }),
    d.stack(16, [
      p.stat(
        'Part of the budget used',
        'The last freeze, by its fused estimate, against the budget for migrations.',
        'percentunit',
        'no freeze, or no budget known',
        [p.instant('%s / on (%s) %s' % [
          q.max('powerha_lpm_last_freeze_duration_seconds', ['estimator="fused"']),
          q.key,
          q.min('powerha_lpm_freeze_budget_seconds', ['scope="lpm"']),
        ])],
      ) + p.steps(c.good, [[config.freezeBudgetWarn, c.warn], [1, c.bad]]),
      p.state(
        'What limits the budget',
        'The timer of the product that would fire first in a migration.',
        'not known',
        q.encode(states.limit, 'limit', function(m) q.sel('powerha_lpm_freeze_budget_limit', ['scope="lpm"'] + m)),
        states.numbered(states.limit),
      ),
      p.state(
        'Verdict of the last migration',
        'As lpmctl report judges it.',
        'no migration was judged yet',
        q.encode(states.verdict, 'verdict', function(m) q.sel('powerha_lpm_last_verdict', m)),
        states.numbered(states.verdict),
      ),
      p.stat(
        'Dead man switches',
        'Armed: a hang that is long enough halts the node. Both are off while PowerHA protects a migration.',
        'none',
        'not known',
        [p.instant(q.max('powerha_dead_man_switch_enabled', labels='switch'), '{{switch}}')],
      ) + p.mapped([{ value: 1, text: 'armed', color: c.warn }, { value: 0, text: 'off', color: c.calm }]),
      p.stat(
        'How sure that is',
        'bound: the truth lies within plus or minus this. disagree: by how much two witnesses contradict each other beyond their bounds. brownout: silence beyond the freeze. outage: longest of a probe in the last judged migration.',
        's',
        'no freeze was seen yet',
        [
          p.instant(q.max('powerha_lpm_last_freeze_error_bound_seconds', ['estimator="fused"']), 'bound'),
          p.instant(q.max('powerha_lpm_freeze_disagreement_seconds'), 'disagree'),
          p.instant(q.max('powerha_lpm_last_brownout_duration_seconds'), 'brownout'),
          p.instant(q.max('powerha_lpm_last_probe_outage_seconds', labels='vantage'), 'outage, {{vantage}}'),
        ],
        w=8,
      ) + p.steps(c.calm),
      p.stat(
        'Visible to',
        'Which sources could have seen the last freeze: the gap in a clock of the node, a peer, the real-time clock chip.',
        'none',
        'not known',
        [p.instant(q.max('powerha_lpm_freeze_visible', labels='by'), '{{by}}')],
        w=8,
      ) + p.mapped(states.flag('yes', 'no')),
    ]),
  ]),

  local evidence = d.row('What the gate stands on', [
    p.timeline(
      'Gate, item by item',
      'While the node is unmanaged: each condition that must hold over the whole window of %s before the gate opens. A node that owns no group is judged by its collectors, others by their probes.' % q.span(config.gateWindow),
      'managed: nobody asks the gate',
      [p.range(gate.open, 'gate')] + [p.range(item.expr, item.name) for item in gate.items],
      [{ value: 1, text: 'holds', color: c.good }, { value: 0, text: 'missing', color: c.bad }],
      w=16,
      h=10,
    ),
    p.table(
      'Evidence that the actor took',
      'Age of the latest evidence of each kind.',
      'no actor gives samples',
      [
        p.label('evidence', 'Evidence'),
        p.value('Age', q.since(q.by('max', q.actor('powerha_actor_evidence_timestamp_seconds'), 'evidence')), 's', p.limited([[config.collectorStale, c.warn]])),
        p.label(config.clusterLabel, 'Cluster', { 'custom.hidden': true }),
        p.label(config.nodeLabel, 'Node', { 'custom.hidden': true }),
      ],
      w=8,
      h=10,
    ),
  ]),

  local decisions = d.row('Decisions and alerts', [
    p.table(
      'Decisions of the actor, with reasons',
      'How often each decision was taken for that reason in the time shown. Changes are counted, not ticks. lpmctl journal show has each with its evidence.',
      'no decision changed in this time',
      [
        p.label('decision', 'Decision'),
        p.label('reason', 'Reason'),
        p.value('Times', q.decisions, 'short'),
        p.label(config.nodeLabel, 'Node', { 'custom.hidden': true }),
        p.label(config.clusterLabel, 'Cluster', { 'custom.hidden': true }),
      ],
      w=12,
      sort={ displayName: 'Times', desc: true },
    ),
    p.table(
      'Alerts of this node',
      'Alerts that fire or will. What each means and what to do is in the runbook.',
      'none: no alert of this node is pending or fires',
      [
        p.label('alertname', 'Alert', p.linked('Runbook', d.runbook)),
        p.label('alertstate', 'State', p.word([{ name: 'firing', text: 'firing', color: c.bad }, { name: 'pending', text: 'pending', color: c.warn }])),
        p.label('severity', 'Severity'),
        p.label('application', 'Application'),
        p.silent('max by (alertname, alertstate, severity, application) (ALERTS{alertname=~"PowerHA.+", %s=~"$cluster", %s=~"$node"})' % [config.clusterLabel, config.nodeLabel]),
      ],
      w=12,
    ),
  ]),

  grafanaDashboards+:: {
    [config.dashboards.live + '.json']: d.new(
      config.dashboards.live,
      'PowerHA LPM / Migration, live',
      'One node in its migration: phase, freeze against budget, what the gate stands on, what the actor decides.',
      [d.cluster(multi=false), d.node(multi=false), d.resourceGroup, d.application],
      [now, course, freeze, evidence, decisions],
      'now-30m',
      '5s',
    ),
  },
}
