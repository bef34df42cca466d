// Queries of the dashboards over strings of PromQL, bound to one _config. Each
// selector carries the dashboards' variables; each result keeps the labels of
// cluster and node.
local expr = import 'expr.libsonnet';
local states = import 'states.libsonnet';

function(config) {
  local q = self,
  local e = expr(config),
  local cl = config.clusterLabel,
  local nd = config.nodeLabel,

  span:: e.span,
  key: '%s, %s' % [cl, nd],
  memory: e.span(config.memory),

  // name{selector, cluster and node as chosen, matchers}
  sel(name, matchers=[], selector=config.selector)::
    e.select(name, ['%s=~"$cluster"' % cl, '%s=~"$node"' % nd] + matchers, selector),
  actor(name, matchers=[]):: self.sel(name, matchers, config.actorSelector),
  // A series that our rules recorded for a node.
  recorded(name, matchers=[]):: self.sel(name, matchers, ''),
  // The rules of the SLO know the application, and not the node.
  slo(name, matchers=[]):: e.select(name, ['%s=~"$cluster"' % cl, 'application=~"$application"'] + matchers, ''),

  by(agg, vector, labels=''):: '%s by (%s%s) (%s)' % [agg, self.key, if labels == '' then '' else ', ' + labels, vector],
  max(name, matchers=[], labels=''):: self.by('max', self.sel(name, matchers), labels),
  min(name, matchers=[], labels=''):: self.by('min', self.sel(name, matchers), labels),

  // The last sample within the memory: a frozen node gives none.
  last(vector):: 'last_over_time(%s[%s])' % [vector, self.memory],

  // One series of a state set, by `labels`: its value is the place of the state in the list.
  encode(set, label, vector, labels='')::
    self.by('max', std.join(' or ', [
      '%d * (%s == 1)' % [s.value, vector(['%s="%s"' % [label, s.name]])]
      for s in states.numbered(set)
    ]), labels),

  // 1 for each node that gives samples now.
  heard:: 'group by (%s) (%s)' % [self.key, self.sel('powerha_lpm_phase', ['phase="idle"'])],
  // 1 for each node that gave samples within the memory; 0 for each that was unmanaged when last heard: the rules remember.
  known:: 'group by (%s) (%s)' % [self.key, self.recorded('powerha:node_info', ['program="exporter"'])],
  unmanaged:: '%s == 0' % self.recorded('powerha:node_managed:last'),
  // Whatever a node tells, or 0 where it is known and tells nothing.
  orZero(vector):: '(%s) or on (%s) 0 * (%s)' % [vector, self.key, self.known],
  since(vector):: 'time() - (%s)' % vector,
  // How often each decision was taken in the time shown. The first of its kind makes the series: increase does not see it.
  decisions::
    local counter = self.actor('powerha_actor_decisions_total');
    |||
      round(sum by (%(key)s, decision, reason) (increase(%(counter)s[$__range])))
      + on (%(key)s, decision, reason)
      (
        (group by (%(key)s, decision, reason) (present_over_time(%(counter)s[$__range])) unless on (%(key)s, decision, reason) %(before)s)
        or on (%(key)s, decision, reason) 0 * %(before)s
      ) > 0
    ||| % {
      key: q.key,
      counter: counter,
      before: 'group by (%s, decision, reason) (present_over_time(%s[%s] offset $__range))' % [q.key, counter, q.memory],
    },
}
