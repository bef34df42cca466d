// Cluster and fleet: who migrates now, who is suspended and for how long, and
// which nodes are ready for the next move.
local c = import '../lib/palette.libsonnet';
local p = import '../lib/panels.libsonnet';
local states = import '../lib/states.libsonnet';
local dashboard = import '../lib/dashboard.libsonnet';
local query = import '../lib/query.libsonnet';

{
  local config = $._config,
  local d = dashboard(config),
  local q = query(config),
  local group = ['resource_group=~"$resource_group"'],
  local application = ['application=~"$application"'],

  local live = p.linked('Migration, live', d.url(config.dashboards.live, {
    cluster: d.field('Cluster'),
    node: d.field('Node'),
  })),
  local cluster = p.label(config.clusterLabel, 'Cluster', p.width(130)),
  local node = p.label(config.nodeLabel, 'Node', live + p.width(130)),

  local moving = q.max('powerha_lpm_phase', ['phase=~"checking|preparing|migrating|settling|rolling_back"'], 'phase') + ' == 1',
  local unmanaged = q.unmanaged,
  local silent = '(%s) unless on (%s) %s' % [q.known, q.key, q.heard],
  local count(vector) = 'count(%s) or vector(0)' % vector,

  local now = d.row('Now', [
    p.stat('Clusters', 'Clusters of which an exporter gives samples.', 'short', 'none', [
      p.instant('count(group by (%s) (%s))' % [config.clusterLabel, q.sel('powerha_lpm_phase')]),
    ]) + p.steps(c.calm),
    p.stat('Nodes', 'Nodes whose exporter gives samples.', 'short', 'none', [p.instant('count(%s)' % q.heard)]) + p.steps(c.calm),
    p.stat('Migrating', 'Nodes in any phase of a migration, its check included.', 'short', 'not known', [
      p.instant(count('group by (%s) (%s)' % [q.key, moving])),
    ]) + p.steps(c.good, [[1, c.busy]]),
    p.stat('Unmanaged', 'Nodes that were unmanaged when last heard: PowerHA neither restarts nor moves their applications.', 'short', 'not known', [
      p.instant(count(unmanaged)),
    ]) + p.steps(c.good, [[1, c.warn]]),
    p.stat('Silent', 'Nodes that gave samples within %s and give none now: frozen, dead, or without an exporter.' % q.memory, 'short', 'not known', [
      p.instant(count(silent)),
    ]) + p.steps(c.good, [[1, c.bad]]),
    p.stat('Wait for people', 'Nodes whose actor needs an operator, is held by one, or waits for an approval.', 'short', 'no actor gives samples', [
      p.instant(count('group by (%s) (%s == 1 or %s > 0)' % [
        q.key,
        q.actor('powerha_actor_state', ['state=~"held|needs_operator|failover_pending"']),
        q.actor('powerha_actor_pending_approvals'),
      ])),
    ]) + p.steps(c.good, [[1, c.person]]),
  ]),

  local present = d.row('Who is being moved, and who is without PowerHA', [
    p.table(
      'In migration',
      'Nodes that are in a phase of a migration now, and since when.',
      'no node migrates',
      [
        cluster,
        node,
        p.label('phase', 'Phase', p.word(states.phase)),
        p.value('For', q.since(q.max('powerha_lpm_phase_start_timestamp_seconds')) + ' and on (%s) %s' % [q.key, moving], 's'),
        p.silent(moving),
      ],
      w=12,
    ),
    p.table(
      'Without PowerHA',
      'Resource groups whose management is suspended, since when, and how long the suspension may last. As the node told last.',
      'every resource group is managed',
      local since = 'time() - %s and on (%s) %s' % [
        q.by('min', q.last(q.sel('powerha_resource_group_unmanaged_since_timestamp_seconds', group)), 'resource_group'),
        q.key,
        unmanaged,
      ];
      [
        cluster,
        node,
        p.label('resource_group', 'Resource group'),
        p.value('For', since, 's', p.limited([[config.unmanagedTooLong / 2, c.warn], [config.unmanagedTooLong, c.bad]])),
        p.value('Time left', '%s - time() and on (%s) %s' % [
          q.by('min', q.last(q.actor('powerha_actor_suspension_deadline_timestamp_seconds'))),
          q.key,
          unmanaged,
        ], 's', p.limited([[-1e9, c.bad], [0, c.warn], [config.blindFor, c.good]])),
      ],
      w=12,
      sort={ displayName: 'For', desc: true },
    ),
  ]),

  local readiness = d.row('Readiness for the next move', [
    p.table(
      'Servers',
      'Physical servers by the nodes that run on them. Not ready: a preflight check of the actor says no. Owners: nodes that own a resource group.',
      'no exporter knows its server',
      // A node that two servers claim counts on both; nodes are unique on the right side.
      local onServer(vector) = 'sum by (serial, type_model) (group by (%(key)s, serial, type_model) (%(info)s) * on (%(key)s) group_left () %(vector)s)' % {
        key: q.key,
        info: q.sel('powerha_lpm_server_info'),
        vector: vector,
      };
      [
        p.label('serial', 'Serial'),
        p.label('type_model', 'Model'),
        p.value('Nodes', onServer(q.heard), 'short'),
        p.value('Owners', onServer('(%s)' % q.max('powerha_resource_group_owner', group)), 'short'),
        p.value('Not ready', onServer('(%s == bool 0)' % q.by('min', q.actor('powerha_actor_preflight_ready'))), 'short', p.limited([[1, c.warn]])),
        p.value('Migrating', onServer('(%s)' % q.max('powerha_lpm_phase', ['phase=~"preparing|migrating|settling|rolling_back"'])), 'short', p.limited([[1, c.busy]])),
      ],
      h=6,
    ),
    p.table(
      'Evacuation of a server',
      'Filter by Serial. Ready: every preflight check of the actor would let a migration be prepared now. Move standbys (Owned 0) first, one node of a cluster at a time. Peers: exporters of other nodes that this one hears, that is, candidates for a takeover.',
      'no exporter gives samples',
      [
        p.label('serial', 'Serial', p.width(110)),
        p.label('type_model', 'Model', p.width(100)),
        cluster,
        node,
        p.value('Ready', q.by('min', q.actor('powerha_actor_preflight_ready')), 'none', p.cell(states.flag('ready', 'not ready'))),
        p.value('Checks that fail', 'count by (%s) (%s == 0) or 0 * (%s)' % [q.key, q.actor('powerha_actor_preflight_ready'), q.by('min', q.actor('powerha_actor_preflight_ready'))], 'short', p.limited([[1, c.warn]])),
        p.value('Managed', 'max by (%s) (%s)' % [q.key, q.recorded('powerha:node_managed:last')], 'none', p.cell(states.flag('managed', 'unmanaged'))),
        p.value('Heard', q.orZero(q.heard), 'none', p.cell(states.flag('yes', 'silent'))),
        p.value('Owned', q.by('sum', q.sel('powerha_resource_group_owner', group)), 'short'),
        p.value('Peers', q.by('sum', q.sel('powerha_peer_up')), 'short', p.limited([[-1, c.bad], [1, 'transparent']])),
        p.value('Unsynchronised', q.max('powerha_cluster_unsynced_changes'), 'none', p.cell(states.flag('yes', 'no', good=false))),
        p.value('Variables drifted', q.by('sum', q.sel('powerha_variable_drift')), 'short', p.limited([[1, c.warn]])),
        p.value('Leftovers', q.by('sum', q.sel('powerha_lpm_leftover')), 'short', p.limited([[1, c.bad]])),
        p.label('verdict', 'Last verdict', p.word(states.verdict)),
        p.value('Budget', q.min('powerha_lpm_freeze_budget_seconds', ['scope="lpm"']), 's'),
        p.value('Last freeze', q.max('powerha_lpm_last_freeze_duration_seconds', ['estimator="fused"']), 's'),
        p.silent(q.max('powerha_lpm_server_info', labels='serial, type_model')),
        p.silent(q.max('powerha_lpm_last_verdict', labels='verdict') + ' == 1'),
      ],
      h=10,
      sort={ displayName: 'Serial', desc: false },
    ),
    p.table(
      'Why a node is not ready',
      'Preflight checks of the actor that say no. lpmctl preflight on the node explains each.',
      'every check of every actor says yes, or no actor runs',
      [
        cluster,
        node,
        p.label('check', 'Check'),
        p.silent('%s == 0' % q.by('min', q.actor('powerha_actor_preflight_ready'), 'check')),
      ],
      w=12,
    ),
    p.table(
      'What PowerHA is set to',
      'LPM_POLICY and the node timeouts, one row a cluster, as its nodes tell it. The lower bound where they differ; 0 s means never set, the product then uses 600 s.',
      'no exporter has read the settings',
      local of(name, labels='') = 'max by (%(by)s) (%(name)s{%(cl)s=~"$cluster"})' % {
        by: config.clusterLabel + labels,
        name: name,
        cl: config.clusterLabel,
      };
      [
        cluster,
        p.label('policy', 'LPM_POLICY', p.word(states.policy)),
        p.value('Node timeout in migrations', of('cluster:powerha_lpm_heartbeat_frequency_seconds:min'), 's'),
        p.value('Node timeout in calm', of('cluster:powerha_heartbeat_frequency_seconds:min'), 's'),
        p.value('Grace period', of('cluster:powerha_grace_period_seconds:min'), 's'),
        p.silent(of('cluster:powerha_lpm_policy:max', ', policy') + ' == 1'),
      ],
      w=12,
    ),
  ]),

  local health = d.row('Clusters, groups, applications', [
    p.timeline(
      'Clusters',
      'State of each cluster, as clmgr tells it.',
      'no cluster is known',
      [p.range(
        'max by (%s) (%s)' % [config.clusterLabel, std.join(' or ', [
          '%d * (cluster:powerha_cluster_state:max{%s=~"$cluster", state="%s"} == 1)' % [s.value, config.clusterLabel, s.name]
          for s in states.numbered(states.cluster)
        ])],
        '{{%s}}' % config.clusterLabel
      )],
      states.numbered(states.cluster),
      w=12,
      h=7,
    ),
    p.timeline(
      'Nodes',
      'State of each node, as it tells of itself. Gaps: it gave no samples.',
      'no node is known',
      [p.range(q.encode(states.node, 'state', function(m) q.sel('powerha_node_state', m)), '{{%s}} / {{%s}}' % [config.clusterLabel, config.nodeLabel])],
      states.numbered(states.node),
      w=12,
      h=7,
    ),
    p.table(
      'Where each resource group runs',
      'State of each resource group on each node that tells of it.',
      'no resource group is known',
      [
        cluster,
        p.label('resource_group', 'Resource group'),
        node,
        p.label('state', 'State', p.word(states.group)),
        p.value('Managed', q.min('powerha_resource_group_managed', group, 'resource_group'), 'none', p.cell(states.flag('managed', 'unmanaged'))),
        p.value('Last owner', q.max('powerha_resource_group_owner', group, 'resource_group'), 'none', p.cell([{ value: 1, text: 'owner', color: c.good }, { value: 0, text: 'standby', color: c.calm }])),
        p.silent(q.max('powerha_resource_group_state', group, 'resource_group, state') + ' == 1'),
      ],
      w=14,
    ),
    p.table(
      'Applications by their probes',
      'Least of the probes of each vantage. peer is as users see it.',
      'no probe runs: docs/probes.md',
      local of(vantage) = 'min by (%s, application) (%s)' % [config.clusterLabel, q.sel('powerha_application_probe_success', ['vantage="%s"' % vantage] + application)];
      [
        cluster,
        p.label('application', 'Application'),
        p.value('From peers', of('peer'), 'none', p.cell(states.flag('up', 'down'))),
        p.value('Locally', of('local'), 'none', p.cell(states.flag('up', 'down'))),
      ],
      w=10,
    ),
  ]),

  grafanaDashboards+:: {
    [config.dashboards.fleet + '.json']: d.new(
      config.dashboards.fleet,
      'PowerHA LPM / Cluster and fleet',
      'Who migrates now, who is suspended and for how long, and which nodes are ready for the next move.',
      [d.cluster(), d.node(), d.resourceGroup, d.application],
      [now, present, readiness, health],
      'now-6h',
      '30s',
    ),
  },
}
