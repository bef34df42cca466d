// The state sets of the exporter and the actor: each state with its number (its
// place in the list), its text and its colour. A state set has one series a
// state; `encode` makes one series of it whose value is that number.
local c = import 'palette.libsonnet';

local state(name, color, text=name) = { name: name, color: color, text: text };

{
  phase: [
    state('idle', c.calm),
    state('checking', c.busy),
    state('preparing', c.busy),
    state('migrating', c.orange),
    state('settling', c.yellow),
    state('rolling_back', c.yellow, 'rolling back'),
    state('unknown', c.unknown),
  ],
  actor: [
    state('observing', c.calm),
    state('idle', c.calm),
    state('preparing', c.busy),
    state('protected', c.good),
    state('unmanaged_only', c.bad, 'unmanaged, not protected'),
    state('settling', c.yellow),
    state('confirming', c.busy),
    state('resuming', c.busy),
    state('rolling_back', c.yellow, 'rolling back'),
    state('failover_pending', c.bad, 'failover pending'),
    state('failing_over', c.warn, 'failing over'),
    state('held', c.person, 'held by an operator'),
    state('needs_operator', c.bad, 'needs an operator'),
  ],
  group: [
    state('online', c.good),
    state('offline', c.calm),
    state('acquiring', c.busy),
    state('releasing', c.busy),
    state('error', c.bad),
    state('temporary_error', c.warn, 'temporary error'),
    state('unmanaged', c.yellow),
    state('unknown', c.unknown),
  ],
  cluster: [
    state('stable', c.good),
    state('unstable', c.yellow),
    state('warning', c.warn),
    state('offline', c.calm),
    state('error', c.bad),
    state('unknown', c.unknown),
  ],
  node: [
    state('normal', c.good),
    state('offline', c.calm),
    state('joining', c.busy),
    state('leaving', c.busy),
    state('unmanaged', c.yellow),
    state('unstable', c.warn),
    state('error', c.bad),
    state('unknown', c.unknown),
  ],
  manager: [
    state('init', c.busy),
    state('joining', c.busy),
    state('voting', c.busy),
    state('rp_running', c.busy, 'running an event'),
    state('barrier', c.busy),
    state('cbarrier', c.busy),
    state('unstable', c.yellow),
    state('stable', c.good),
    state('rp_failed', c.bad, 'an event failed'),
    state('not_configured', c.calm, 'not configured'),
    state('unknown', c.unknown),
  ],
  policy: [
    state('manage', c.warn),
    state('unmanage', c.good),
    state('unset', c.warn, 'never set'),
    state('unknown', c.unknown),
  ],
  verdict: [
    state('pass', c.good, 'passed'),
    state('fail', c.bad, 'failed'),
    state('unknown', c.unknown, 'not known'),
  ],
  limit: [
    state('dead_man_switch', c.warn, 'dead man switch'),
    state('deadman_mode', c.warn, 'deadman mode'),
    state('critical_daemons', c.warn, 'critical daemons'),
    state('node_timeout', c.good, 'node timeout'),
    state('link_timeout', c.warn, 'link timeout'),
    state('network_failure_detection', c.warn, 'network failure detection'),
    state('application_monitor', c.warn, 'application monitor'),
    state('pvm_wdog', c.warn, 'pvm watchdog'),
    state('unknown', c.unknown),
  ],

  // What comes after each state of the actor.
  next: [
    state('observing', c.calm, 'the actor only observes: PowerHA acts alone'),
    state('idle', c.calm, 'waits for a migration'),
    state('preparing', c.busy, 'suspends management before the freeze'),
    state('protected', c.good, 'waits for the end of the migration'),
    state('unmanaged_only', c.bad, 'protection is incomplete: lpmctl status'),
    state('settling', c.yellow, "waits for PowerHA's own script"),
    state('confirming', c.busy, 'resumes when the gate confirms'),
    state('resuming', c.busy, 'waits for clmgr start node'),
    state('rolling_back', c.yellow, 'resumes after the abort'),
    state('failover_pending', c.bad, 'waits for proof that the partition is off'),
    state('failing_over', c.warn, 'starts the groups on this node'),
    state('held', c.person, 'waits for lpmctl release'),
    state('needs_operator', c.bad, 'a person decides: lpmctl status'),
  ],

  numbered(set):: std.mapWithIndex(function(i, s) s { value: i }, set),

  // Value mappings of numbers, as Grafana stores them.
  mappings(list):: [{
    type: 'value',
    options: {
      ['%d' % m.value]: { text: m.text, color: m.color, index: i }
      for i in std.range(0, std.length(list) - 1)
      for m in [list[i]]
    },
  }],
  // Mappings of texts, for a label that stands in a table.
  texts(list):: [{
    type: 'value',
    options: {
      [list[i].name]: { text: list[i].text, color: list[i].color, index: i }
      for i in std.range(0, std.length(list) - 1)
    },
  }],
  flag(yes, no, good=true):: [
    { value: 1, text: yes, color: if good then c.good else c.bad },
    { value: 0, text: no, color: if good then c.bad else c.good },
  ],
}
