// Exporter and actor health: whether what the other dashboards tell can be
// believed.
local c = import '../lib/palette.libsonnet';
local p = import '../lib/panels.libsonnet';
local states = import '../lib/states.libsonnet';
local dashboard = import '../lib/dashboard.libsonnet';
local query = import '../lib/query.libsonnet';

{
  local config = $._config,
  local d = dashboard(config),
  local q = query(config),
  local live = p.linked('Migration, live', d.url(config.dashboards.live, { cluster: d.field('Cluster'), node: d.field('Node') })),
  local cluster = p.label(config.clusterLabel, 'Cluster', p.width(130)),
  local node = p.label(config.nodeLabel, 'Node', live + p.width(130)),
  local name = '{{%s}} / {{%s}}' % [config.clusterLabel, config.nodeLabel],
  local rate(vector, labels) = q.by('sum', 'rate(%s[$__rate_interval])' % vector, labels),
  local increase(vector, labels) = 'round(%s)' % q.by('sum', 'increase(%s[$__range])' % vector, labels),

  local programs = d.row('Programs', [
    p.timeline(
      'Exporters',
      'A row a node: whether its exporter gives samples. Gaps before the first sample, silent after the last; a freeze is seen here.',
      'no exporter gives samples',
      [p.range(q.orZero(q.heard), name)],
      states.flag('heard', 'silent'),
      w=12,
      h=6,
    ),
    p.timeline(
      'Actors',
      'State of each actor. Gaps: it gave no samples.',
      'no actor gives samples',
      [p.range(q.encode(states.actor, 'state', function(m) q.actor('powerha_actor_state', m)), name)],
      states.numbered(states.actor),
      w=12,
      h=6,
    ),
    p.table(
      'Exporters',
      'Version and configuration. Nodes of one cluster should have the same of both.',
      'no exporter gives samples',
      [
        cluster,
        node,
        p.label('version', 'Version'),
        p.label('hash', 'Configuration', p.width(110)),
        p.value('Last load', q.min('powerha_exporter_config_last_reload_successful'), 'none', p.cell(states.flag('loaded', 'refused'))),
        p.value('Loaded', q.max('powerha_exporter_config_last_reload_success_timestamp_seconds') + ' * 1000', 'dateTimeAsIso', p.width(170)),
        p.value('State on disk', q.min('powerha_exporter_state_writable'), 'none', p.cell(states.flag('kept', 'memory only'))),
        p.value('Event log', q.min('powerha_exporter_event_log_readable'), 'none', p.cell(states.flag('read', 'not readable'))),
        // The first of its 64 digits tell two files apart.
        p.silent('label_replace(%s, "hash", "$1", "hash", "(.{12}).*")' % q.max('powerha_config_info', labels='hash')),
        p.silent(q.max('powerha_lpm_exporter_build_info', labels='version')),
      ],
      w=12,
    ),
    p.table(
      'Actors',
      'Version, what keeps an actor from acting, and how many variables it changed and has not put back.',
      'no actor gives samples',
      [
        cluster,
        node,
        p.label('version', 'Version'),
        p.value('Acts', '1 - ' + q.by('max', q.actor('powerha_actor_dry_run')), 'none', p.cell([{ value: 1, text: 'acts', color: c.good }, { value: 0, text: 'dry run', color: c.warn }])),
        p.value('Held', q.by('max', q.actor('powerha_actor_held')), 'none', p.cell([{ value: 1, text: 'held', color: c.person }, { value: 0, text: 'no', color: c.good }])),
        p.value('Window', q.by('max', q.actor('powerha_actor_window_open')), 'none', p.cell([{ value: 1, text: 'open', color: c.busy }, { value: 0, text: 'none', color: c.calm }])),
        p.value('Approvals pending', q.by('max', q.actor('powerha_actor_pending_approvals')), 'short', p.limited([[1, c.person]])),
        p.value('Variables changed', q.by('sum', q.actor('powerha_actor_variables_dirty')), 'short', p.limited([[1, c.warn]])),
        p.value('Journal errors', increase(q.actor('powerha_actor_journal_errors_total'), ''), 'short', p.limited([[1, c.bad]])),
        p.silent(q.by('max', q.actor('powerha_lpm_actor_build_info'), 'version')),
      ],
      w=12,
    ),
  ]),

  local sources = d.row('Sources', [
    p.timeline(
      'Collectors',
      'Whether the last refresh of each collector succeeded, least of the chosen nodes.',
      'no collector has run',
      [p.range('min by (collector) (%s)' % q.sel('powerha_exporter_collector_success'), '{{collector}}')],
      states.flag('ok', 'failed'),
      w=12,
      h=12,
    ),
    p.lines(
      'Age of what is told',
      'Since the last successful refresh of each collector, oldest of the chosen nodes. Dashed: from here on the gate, the actor and PowerHAMonitoringBlind take it as stale.',
      's',
      'no collector has succeeded',
      [p.range('max by (collector) (%s)' % q.since(q.sel('powerha_exporter_collector_last_success_timestamp_seconds')), '{{collector}}')],
      h=12,
    ) + p.limits(min=0) + p.steps('transparent', [[config.collectorStale, c.vermillion]]) + p.thresholdLines,
    p.lines(
      'How long refreshes take',
      'Longest of the chosen nodes.',
      's',
      'no collector that runs commands has run',
      [p.range('max by (collector) (%s)' % q.sel('powerha_exporter_collector_duration_seconds'), '{{collector}}')],
    ) + p.limits(min=0),
    p.lines(
      'Not in time, not understood',
      'Commands that did not answer in time, and answers that were not understood. lpmctl selftest says which; lpmctl support-bundle keeps them.',
      'cps',
      'nothing failed',
      [
        p.range('sum by (collector) (rate(%s[$__rate_interval])) > 0' % q.sel('powerha_exporter_collector_timeouts_total'), '{{collector}} not in time'),
        p.range('sum by (command) (rate(%s[$__rate_interval])) > 0' % q.sel('powerha_exporter_parse_errors_total'), '{{command}} not understood'),
      ],
    ) + p.limits(min=0),
    p.table(
      'Sources that disagree',
      'Facts of which two sources have said different things for two rounds.',
      'no two sources disagree',
      [cluster, node, p.label('fact', 'Fact'), p.silent(q.max('powerha_exporter_sources_disagree', labels='fact') + ' == 1')],
      w=8,
    ),
    p.table(
      'Nodes that disagree about their cluster',
      'Facts of the whole cluster of which its nodes publish different values, and how many.',
      'all nodes tell the same',
      [
        cluster,
        p.label('fact', 'Fact'),
        p.value('Values', 'cluster:powerha_fact_values:count{%s=~"$cluster"}' % config.clusterLabel, 'short', p.limited([[2, c.warn]])),
      ],
      w=8,
    ),
    p.timeline(
      'Cluster managers',
      'State of the cluster manager of each node, as lssrc tells it.',
      'no cluster manager is known',
      [p.range(q.encode(states.manager, 'state', function(m) q.sel('powerha_cluster_manager_state', m)), name)],
      states.numbered(states.manager),
      w=8,
      h=8,
    ),
  ]),

  local peers = d.row('Peers', [
    p.timeline(
      'Heartbeats of the exporters',
      'A row a pair: whether the first hears the second. One direction alone missing is a firewall or a key.',
      'no peers are configured: peers.targets',
      [p.range(q.max('powerha_peer_up', labels='peer'), '{{%s}} hears {{peer}}' % config.nodeLabel)],
      states.flag('yes', 'no'),
      w=12,
    ),
    p.lines(
      'Age of the last heartbeat',
      'A step up and down again is a silence that ended, such as a freeze of the peer.',
      's',
      'no heartbeat has arrived',
      [p.range(q.since(q.max('powerha_peer_last_heartbeat_timestamp_seconds', labels='peer')), '{{%s}} hears {{peer}}' % config.nodeLabel)],
    ) + p.limits(min=0),
    p.lines(
      'Heartbeats',
      'Datagrams by what became of them. Anything but sent, accepted and unproven was dropped.',
      'pps',
      'no peers are configured: peers.targets',
      [p.range('sum by (result) (rate(%s[$__rate_interval]))' % q.sel('powerha_peer_datagrams_total'), '{{result}}')],
    ) + p.limits(min=0) + p.colors({
      sent: c.blue,
      accepted: c.green,
      unproven: c.sky,
      send_error: c.orange,
      unsendable: c.orange,
      malformed: c.vermillion,
      unknown_sender: c.vermillion,
      bad_mac: c.vermillion,
      replayed: c.purple,
    }),
    p.bars(
      'Longest silences that ended',
      'All but one of a hundred of the silences of each peer in the time shown, from the histogram.',
      's',
      'no silence has ended',
      [p.instant('histogram_quantile(0.99, %s)' % q.by('sum', 'increase(%s[$__range])' % q.sel('powerha_peer_silence_seconds_bucket'), 'peer, le'), '{{%s}} of {{peer}}' % config.nodeLabel)],
      w=12,
    ) + p.steps(c.sky),
  ]),

  local acts = d.row('What the actors did', [
    p.table(
      'Modifying commands',
      'Commands that actors ran in the time shown, by result. unknown: the actor was killed or restarted meanwhile and does not know.',
      'none was run in the time shown',
      [
        cluster,
        node,
        p.label('command', 'Command'),
        p.label('result', 'Result', p.word([
          { name: 'ok', text: 'ok', color: c.good },
          { name: 'failed', text: 'failed', color: c.bad },
          { name: 'unknown', text: 'not known', color: c.unknown },
        ])),
        p.value('Times', increase(q.actor('powerha_actor_commands_total'), 'command, result') + ' > 0', 'short'),
      ],
      w=8,
    ),
    p.bars(
      'How long they took',
      'Mean duration of each command in the time shown.',
      's',
      'none was run in the time shown',
      [p.instant('(sum by (command) (increase(%s[$__range])) / sum by (command) (increase(%s[$__range]))) >= 0' % [
        q.actor('powerha_actor_command_duration_seconds_sum'),
        q.actor('powerha_actor_command_duration_seconds_count'),
      ], '{{command}}')],
    ) + p.steps(c.sky),
    p.lines(
      'Journal and web hooks',
      'Records written to the journal, records that could not be, and requests of Alertmanager by what became of them.',
      'cps',
      'no actor gives samples',
      [
        p.range('sum(rate(%s[$__rate_interval]))' % q.actor('powerha_actor_journal_records_total'), 'records'),
        p.range('sum(rate(%s[$__rate_interval]))' % q.actor('powerha_actor_journal_errors_total'), 'records lost'),
        p.range('sum by (result) (rate(%s[$__rate_interval]))' % q.actor('powerha_actor_webhook_requests_total'), 'web hook {{result}}'),
      ],
      w=8,
    ) + p.limits(min=0) + p.colors({ records: c.green, 'records lost': c.vermillion }),
  ]),

  grafanaDashboards+:: {
    [config.dashboards.health + '.json']: d.new(
      config.dashboards.health,
      'PowerHA LPM / Exporter and actor health',
      'Whether the exporters and actors run, what they read, and whether they hear each other.',
      [d.cluster(), d.node()],
      [programs, sources, peers, acts],
      'now-3h',
      '30s',
    ),
  },
}
