// Small helpers over strings of PromQL, bound to one _config.
function(config) {
  // The labels that make a cluster and a node, for "by (…)" and "on (…)".
  c:: config.clusterLabel,
  cn:: '%s, %s' % [config.clusterLabel, config.nodeLabel],

  // Text with the labels' names and the other values put in: %(c)s, %(cn)s.
  q(text, values={}):: text % ({ c: $.c, cn: $.cn } + values),

  // A span in Prometheus's notation: whole seconds, else milliseconds.
  span(seconds)::
    if std.floor(seconds) == seconds then '%ds' % seconds
    else '%dms' % std.round(seconds * 1000),

  // name{selector, matchers}
  select(name, matchers=[], selector=config.selector)::
    local all = (if selector == '' then [] else [selector]) + matchers;
    if std.length(all) == 0 then name else '%s{%s}' % [name, std.join(',', all)],

  // The same of the actor.
  actor(name, matchers=[]):: $.select(name, matchers, config.actorSelector),

  // agg by (cluster, node, extra) (expr)
  by(agg, expr, extra=''):: '%s by (%s%s) (%s)' % [agg, $.cn, if extra == '' then '' else ', ' + extra, expr],

  // What peers tell of a node, under that node's own name. One series a node and
  // extra is left before it is renamed: two peers tell of the same node.
  told(agg, series, of='peer', extra='')::
    local inner = '%s by (%s, %s%s) (%s)' % [agg, $.c, of, if extra == '' then '' else ', ' + extra, series];
    $.by(agg, 'label_replace(%s, "%s", "$1", "%s", "(.+)")' % [inner, config.nodeLabel, of], extra),

  // Nodes whose exporter, or actor, gives samples now. One state of the set stands for all.
  heard():: $.by('count', $.select('powerha_lpm_phase', ['phase="idle"'])),
  actorHeard():: $.by('count', $.actor('powerha_actor_held')),

  // The value now, also where a scrape or two of it failed.
  lately(series):: 'last_over_time(%s[%s])' % [series, $.span(4 * config.scrapeInterval)],

  // The value now; the last known one only while the node gives no samples. For
  // series that few nodes have: it reads the whole memory of each.
  known(agg, series, heard=$.heard())::
    $.q('(%(now)s or (%(last)s unless on (%(cn)s) %(heard)s))', {
      now: $.by(agg, series),
      last: $.by(agg, 'last_over_time(%s[%s])' % [series, $.span(config.memory)]),
      heard: heard,
    }),

  // Nodes that were unmanaged when they were last heard (rules/info.libsonnet).
  unmanaged():: 'powerha:node_managed:last == 0',

  // Nodes in migration or unmanaged, by what they themselves last told.
  onTheWay():: $.q('(powerha:node_migrating == 1 or on (%(cn)s) (%(unmanaged)s))', { unmanaged: $.unmanaged() }),

  // Events by which a workload moves: one alert, not two.
  moves:: 'takeover|rg_move|node_down',

  // Where a counter has grown within span seconds.
  counted(series, extra='', span=config.eventReportedFor)::
    '%s > 0' % $.by('max', 'increase(%s[%s])' % [series, $.span(span)], extra),

  // expr; while the node is not heard, what the alert last said. An alert about
  // a node whose series are gone can only know by its own last state whether it
  // still holds. powerha:node_info bounds that to the memory.
  held(alert, expr, extra='', heard=$.heard())::
    $.q(|||
      (
      %(expr)s
      )
      or (
        %(before)s
        unless on (%(cn)s) %(heard)s
        and on (%(cn)s) powerha:node_info
      )
    |||, {
      expr: std.strReplace('  ' + std.rstripChars(expr, '\n'), '\n', '\n  '),
      before: $.by('count', 'ALERTS{alertname="%s"}' % alert, extra),
      heard: heard,
    }),

  // The gate, under the labels of everything else.
  gate()::
    local gate = 'powerha:gate:migration_end_timestamp_seconds';
    local renamed(expr, from, to) =
      if from == to then expr else 'label_replace(%s, "%s", "$1", "%s", "(.+)")' % [expr, to, from];
    if config.clusterLabel == 'cluster' && config.nodeLabel == 'node' then gate
    else $.by('max', renamed(renamed(gate, 'cluster', config.clusterLabel), 'node', config.nodeLabel)),

  runbook(alert):: config.runbookURLPattern % std.asciiLower(alert),

  // The labels' names in a text that people read.
  local texted(text) = std.strReplace(
    std.strReplace(text, '$labels.cluster ', '$labels.%s ' % config.clusterLabel),
    '$labels.node ',
    '$labels.%s ' % config.nodeLabel,
  ),

  alert(name, expr, hold, severity, summary, description, dashboard='live'):: {
    alert: name,
    expr: expr,
    [if hold > 0 then 'for']: $.span(hold),
    labels: { severity: severity },
    annotations: {
      summary: texted(summary),
      description: texted(description),
      runbook_url: $.runbook(name),
      [if config.grafanaURL != '' then 'dashboard_url']:
        '%s/d/%s?var-cluster={{ $labels.%s }}&var-node={{ $labels.%s }}' % [
          config.grafanaURL,
          config.dashboards[dashboard],
          config.clusterLabel,
          config.nodeLabel,
        ],
    },
  },
}
