// Panels as Grafana 9.3 to 13 store them. A panel has a size; its place is the
// layout's (dashboard.libsonnet). Everything that a reader needs is an argument
// without a default: a unit, a description, a text for when there is no data.
local c = import 'palette.libsonnet';
local states = import 'states.libsonnet';

local datasource = { type: 'prometheus', uid: '${datasource}' };
local letters = std.stringChars('ABCDEFGHIJKLMNOPQRSTUVWXYZ');

local target(expr, legend, instant, format) = {
  datasource: datasource,
  editorMode: 'code',
  expr: expr,
  format: format,
  instant: instant,
  range: !instant,
  legendFormat: legend,
};
local numbered(targets) = std.mapWithIndex(function(i, t) t { refId: letters[i] }, targets);

// steps: [[from, colour], …] behind the base colour.
local thresholds(base, steps=[]) = {
  mode: 'absolute',
  steps: [{ color: base, value: null }] + [{ color: s[1], value: s[0] } for s in steps],
};

local panel(type, title, description, unit, noValue, w, h) = {
  type: type,
  title: title,
  description: description,
  datasource: datasource,
  gridPos: { w: w, h: h },
  fieldConfig: {
    defaults: {
      unit: unit,
      noValue: noValue,
      color: { mode: 'thresholds' },
      thresholds: thresholds(c.calm),
      mappings: [],
      links: [],
    },
    overrides: [],
  },
};

local named(name, properties) = {
  matcher: { id: 'byName', options: name },
  properties: [{ id: id, value: properties[id] } for id in std.objectFields(properties)],
};

local reduce = { calcs: ['lastNotNull'], fields: '', values: false };

{
  datasource: datasource,
  instant(expr, legend=''):: target(expr, legend, true, 'time_series'),
  range(expr, legend=''):: target(expr, legend, false, 'time_series'),
  named: named,

  // Changes of a panel.
  mapped(list):: { fieldConfig+: { defaults+: { mappings: states.mappings(list) } } },
  steps(base, list=[]):: { fieldConfig+: { defaults+: { thresholds: thresholds(base, list) } } },
  decimals(n):: { fieldConfig+: { defaults+: { decimals: n } } },
  limits(min=null, max=null):: { fieldConfig+: { defaults+: { [if min != null then 'min']: min, [if max != null then 'max']: max } } },
  colors(byName):: { fieldConfig+: { overrides+: [
    named(name, { color: { mode: 'fixed', fixedColor: byName[name] } })
    for name in std.objectFields(byName)
  ] } },
  // A line that is a limit: dashed, without points.
  dashed(name, color):: { fieldConfig+: { overrides+: [named(name, {
    color: { mode: 'fixed', fixedColor: color },
    'custom.lineStyle': { fill: 'dash', dash: [10, 10] },
    'custom.fillOpacity': 0,
  })] } },
  link(title, url):: { fieldConfig+: { defaults+: { links: [{ title: title, url: url, targetBlank: false }] } } },

  text(title, content, w, h):: {
    type: 'text',
    title: title,
    description: '',
    gridPos: { w: w, h: h },
    options: { mode: 'markdown', content: content },
  },

  stat(title, description, unit, noValue, targets, w=4, h=4):: panel('stat', title, description, unit, noValue, w, h) {
    targets: numbered(targets),
    options: {
      colorMode: 'value',
      graphMode: 'none',
      justifyMode: 'center',
      orientation: 'auto',
      textMode: 'auto',
      reduceOptions: reduce,
    },
  },
  // A state told in words, on the colour of the state.
  state(title, description, noValue, expr, list, w=4, h=4):: self.stat(title, description, 'none', noValue, [self.instant(expr, '{{node}}')], w, h) + self.mapped(list) + {
    fieldConfig+: { defaults+: { thresholds: thresholds(c.unknown) } },
    options+: { colorMode: 'background', textMode: 'value' },
  },

  bars(title, description, unit, noValue, targets, w=8, h=8):: panel('bargauge', title, description, unit, noValue, w, h) {
    targets: numbered(targets),
    fieldConfig+: { defaults+: { min: 0 } },
    options: { displayMode: 'basic', orientation: 'horizontal', showUnfilled: true, reduceOptions: reduce },
  },

  lines(title, description, unit, noValue, targets, w=12, h=8):: panel('timeseries', title, description, unit, noValue, w, h) {
    targets: numbered(targets),
    fieldConfig+: { defaults+: {
      color: { mode: 'palette-classic' },
      custom: {
        drawStyle: 'line',
        lineInterpolation: 'linear',
        lineWidth: 2,
        fillOpacity: 0,
        showPoints: 'auto',
        pointSize: 5,
        spanNulls: false,
        axisPlacement: 'auto',
        thresholdsStyle: { mode: 'off' },
      },
    } },
    options: {
      legend: { displayMode: 'list', placement: 'bottom', showLegend: true, calcs: [] },
      tooltip: { mode: 'multi', sort: 'desc' },
    },
  },
  stepped:: { fieldConfig+: { defaults+: { custom+: { lineInterpolation: 'stepAfter' } } } },
  // Thresholds as lines across the panel.
  thresholdLines:: { fieldConfig+: { defaults+: { custom+: { thresholdsStyle: { mode: 'dashed' } } } } },

  // A row a series, in the colours of the mapping. Not color.mode thresholds: values between thresholds melt into one bar.
  timeline(title, description, noValue, targets, list, w=24, h=4):: panel('state-timeline', title, description, 'none', noValue, w, h) + self.mapped(list) + {
    targets: numbered(targets),
    fieldConfig+: { defaults+: { color: { mode: 'palette-classic' }, custom: { fillOpacity: 85, lineWidth: 0, spanNulls: false } } },
    options: {
      alignValue: 'left',
      mergeValues: true,
      rowHeight: 0.85,
      showValue: 'auto',
      legend: { displayMode: 'list', placement: 'bottom', showLegend: false },
      tooltip: { mode: 'single', sort: 'none' },
    },
  },

  // Columns of a table. `label` shows a label of a query, `value` the value of one.
  label(label, name, properties={}):: { label: label, name: name, properties: properties },
  value(name, expr, unit, properties={}):: { expr: expr, name: name, properties: { unit: unit } + properties },
  // A query of whose result only the labels are shown.
  silent(expr):: { expr: expr, name: null, properties: {} },
  // Properties of columns.
  cell(list):: { mappings: states.mappings(list) } + self.painted,
  word(list):: { mappings: states.texts(list) } + self.painted,
  painted:: {
    // displayMode up to 9.4, cellOptions since.
    'custom.displayMode': 'color-background',
    'custom.cellOptions': { type: 'color-background', mode: 'basic' },
  },
  limited(steps):: { thresholds: thresholds('transparent', steps) } + self.painted,
  width(n):: { 'custom.width': n },
  linked(title, url):: { links: [{ title: title, url: url, targetBlank: false }] },

  // Queries joined on the labels that they have in common, a row for each.
  table(title, description, noValue, columns, w=24, h=8, sort=null):: panel('table', title, description, 'none', noValue, w, h) {
    local queries = [col for col in columns if std.objectHas(col, 'expr')],
    local letter(col) = letters[std.find(col, queries)[0]],
    local field(col) = if std.objectHas(col, 'label') then col.label
    else if std.length(queries) == 1 then 'Value' else 'Value #' + letter(col),
    local shown = [col for col in columns if col.name != null],

    targets: numbered([target(col.expr, '', true, 'table') for col in queries]),
    fieldConfig+: {
      defaults+: {
        thresholds: thresholds('transparent'),
        custom: { align: 'left', filterable: true },
      },
      overrides: [named(col.name, col.properties) for col in shown if col.properties != {}],
    },
    options: { showHeader: true, cellHeight: 'sm', sortBy: if sort == null then [] else [sort] },
    transformations: (if std.length(queries) > 1 then [{ id: 'merge', options: {} }] else []) + [{
      id: 'organize',
      options: {
        excludeByName: { Time: true } + { [field(col)]: true for col in queries if col.name == null },
        indexByName: { [field(shown[i])]: i for i in std.range(0, std.length(shown) - 1) },
        renameByName: { [field(col)]: col.name for col in shown },
      },
    }],
  },
}
