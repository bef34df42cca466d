// A dashboard: variables, annotations, links, and panels put into their places.
//
// These helpers are our own, and not grafonnet: its generated library would
// have to be vendored or fetched by everybody who renders, for the six kinds of
// panels that are used here.
local c = import 'palette.libsonnet';
local expr = import 'expr.libsonnet';
local p = import 'panels.libsonnet';

function(config) {
  local d = self,
  local e = expr(config),
  local cl = config.clusterLabel,
  local nd = config.nodeLabel,

  local variable(name, label, query, multi, hidden=false) = {
    name: name,
    label: label,
    type: 'query',
    datasource: p.datasource,
    definition: query,
    query: { query: query, refId: 'StandardVariableQuery' },
    refresh: 2,
    regex: '',
    sort: 1,
    multi: multi,
    includeAll: multi,
    // Matches series without the label, too: what is wrong with them must be seen.
    allValue: if multi then '.*' else null,
    hide: if hidden then 2 else 0,
    skipUrlSync: false,
    current: if multi then { selected: true, text: ['All'], value: ['$__all'] } else {},
    options: [],
  },
  local values(name, matchers, label) = 'label_values(%s, %s)' % [e.select(name, matchers), label],
  local inCluster = '%s=~"$cluster"' % cl,
  local ofNode = '%s=~"$node"' % nd,

  // The variables, in the order in which each depends on those before it.
  datasource:: {
    name: 'datasource',
    label: 'Data source',
    type: 'datasource',
    query: 'prometheus',
    regex: '',
    refresh: 1,
    multi: false,
    includeAll: false,
    hide: 0,
    skipUrlSync: false,
    current: { selected: false, text: 'default', value: 'default' },
    options: [],
  },
  cluster(multi=true):: variable('cluster', 'Cluster', values('powerha_lpm_phase', [], cl), multi, multi && !config.showMultiCluster),
  node(multi=true):: variable('node', 'Node', values('powerha_lpm_phase', [inCluster], nd), multi),
  resourceGroup:: variable('resource_group', 'Resource group', values('powerha_resource_group_managed', [inCluster, ofNode], 'resource_group'), true),
  application:: variable('application', 'Application', values('powerha_application_probe_success', [inCluster], 'application'), true),

  local annotation(name, color, expr, title, text, more) = {
    name: name,
    datasource: p.datasource,
    enable: true,
    hide: false,
    iconColor: color,
    expr: expr,
    step: e.span(config.scrapeInterval),
    titleFormat: title,
    textFormat: text,
    tagKeys: '%s,%s' % [cl, nd],
  } + more,
  local events(matchers) =
    local of(name, more) = e.select(name, matchers + more);
    [
      annotation(
        'Migrations',
        c.blue,
        'max by (%s, %s) (%s) == 1' % [cl, nd, of('powerha_lpm_phase', ['phase=~"preparing|migrating|settling|rolling_back"'])],
        'Migration of {{%s}}' % nd,
        'From its preparation until all is settled.',
        {}
      ),
      annotation(
        'Freezes',
        c.vermillion,
        // The value is the time of the annotation, in milliseconds.
        'max by (%s, %s) (%s) * 1000' % [cl, nd, of('powerha_lpm_last_freeze_start_timestamp_seconds', ['estimator="fused"'])],
        'Freeze of {{%s}}' % nd,
        'The partition stood still from here on.',
        { useValueForTime: true },
      ),
    ],
  // Of the chosen nodes, and of all nodes of the chosen clusters where there is no choice of nodes.
  annotations:: events([inCluster, ofNode]),
  clusterAnnotations:: events([inCluster]),

  // The address of another dashboard that goes on with what was chosen here.
  url(uid, variables={})::
    '/d/%s?${datasource:queryparam}&%s${__url_time_range}' % [
      uid,
      std.join('', ['var-%s=%s&' % [name, variables[name]] for name in std.objectFields(variables)]),
    ],
  field(label):: '${__data.fields["%s"]}' % label,
  // The runbook as a whole: an alert's own part is in its annotation runbook_url.
  runbook:: std.split(config.runbookURLPattern, '#')[0],

  local links = [
    {
      title: 'PowerHA LPM',
      type: 'dashboards',
      tags: config.dashboardTags,
      asDropdown: true,
      includeVars: true,
      keepTime: true,
      targetBlank: false,
      icon: 'external link',
      tooltip: 'The other dashboards, for what is chosen here',
      url: '',
    },
    {
      title: 'Runbook',
      type: 'link',
      tags: [],
      asDropdown: false,
      includeVars: false,
      keepTime: false,
      targetBlank: true,
      icon: 'doc',
      tooltip: 'What each alert means and what to do',
      url: d.runbook,
    },
  ],

  // Panels from left to right within a width, the next line below the highest of the line. A stack is put as one panel,
  // and its own panels within it.
  local flow(panels, width, left, top) =
    local height(panel) = if std.objectHas(panel, 'stack') then flow(panel.stack, panel.gridPos.w, 0, 0).bottom else panel.gridPos.h;
    local put(at, panel) =
      local w = panel.gridPos.w, h = height(panel);
      local breaks = at.x + w > left + width;
      local x = if breaks then left else at.x;
      local y = if breaks then at.bottom else at.y;
      {
        x: x + w,
        y: y,
        bottom: std.max(at.bottom, y + h),
        panels: at.panels + (
          if std.objectHas(panel, 'stack') then flow(panel.stack, w, x, y).panels
          else [panel { gridPos+: { x: x, y: y } }]
        ),
      };
    std.foldl(put, panels, { x: left, y: top, bottom: top, panels: [] }),
  local place(panels) = std.mapWithIndex(function(i, panel) panel { id: i + 1 }, flow(panels, 24, 0, 0).panels),

  stack(w, panels):: { gridPos: { w: w }, stack: panels },

  row(title, panels):: [{
    type: 'row',
    title: title,
    collapsed: false,
    gridPos: { w: 24, h: 1 },
    panels: [],
  }] + panels,

  new(uid, title, description, variables, rows, from, refresh, annotations=d.annotations):: {
    uid: uid,
    title: title,
    description: description,
    tags: config.dashboardTags,
    // Of Grafana 9.0: later ones bring it up to their own when they load it.
    schemaVersion: 36,
    editable: true,
    graphTooltip: 1,
    timezone: 'browser',
    refresh: refresh,
    time: { from: from, to: 'now' },
    timepicker: {},
    links: links,
    annotations: { list: annotations },
    templating: { list: [d.datasource] + variables },
    panels: place(std.flattenArrays(rows)),
  },
}
