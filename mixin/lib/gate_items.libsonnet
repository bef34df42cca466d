// The conditions of the gate one by one, from powerha:gate_missing
// (rules/missing.libsonnet), in words. Each is 1 where it holds and 0 where it is
// missing, and is there only while the node is unmanaged: nobody asks the gate
// before.
function(q, e) {
  local text = {
    migration_over: 'the migration is over',
    end_known: 'its end is known',
    end_unique: 'one end only',
    end_stable: 'the end did not change',
    window_passed: 'the window has passed',
    samples: 'enough samples',
    probe_success: 'every probe succeeded',
    probe_samples: 'enough samples of probes',
    probe_progress: 'probes go on',
    probe_missing: 'an owner is probed',
    collector_success: 'collectors succeeded (no groups)',
    collector_samples: 'samples of collectors (no groups)',
    collector_progress: 'collectors go on (no groups)',
  },
  local holds(condition) = '1 - (%(missing)s or on (%(key)s) 0 * (%(unmanaged)s))' % {
    key: q.key,
    missing: 'group by (%s) (%s)' % [q.key, q.recorded('powerha:gate_missing', ['condition="%s"' % condition])],
    unmanaged: q.unmanaged,
  },

  // The gate knows no variables: of all nodes those that are chosen.
  open: q.orZero('group by (%s) (%s) and on (%s) %s' % [q.key, e.gate(), q.key, q.known]),
  items: [{ name: text[c], expr: holds(c) } for c in [
    'migration_over',
    'end_known',
    'end_unique',
    'end_stable',
    'window_passed',
    'samples',
    'probe_missing',
    'probe_success',
    'probe_samples',
    'probe_progress',
    'collector_success',
    'collector_samples',
    'collector_progress',
  ]],
}
