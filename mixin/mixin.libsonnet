// Alerts and recording rules for PowerHA clusters whose nodes are moved by
// Live Partition Mobility. Change what differs at your site in _config:
//
//   (import 'mixin.libsonnet') + { _config+:: { selector: 'job="powerha"' } }
(import 'config.libsonnet') +
(import 'rules/gate.libsonnet') +
(import 'rules/info.libsonnet') +
(import 'rules/missing.libsonnet') +
(import 'rules/cluster.libsonnet') +
(import 'rules/slo.libsonnet') +
(import 'alerts/slo.libsonnet') +
(import 'alerts/suspension.libsonnet') +
(import 'alerts/actor.libsonnet') +
(import 'alerts/migration.libsonnet') +
(import 'alerts/events.libsonnet') +
(import 'alerts/settings.libsonnet') +
(import 'alerts/monitoring.libsonnet') +
(import 'alerts/sources.libsonnet') +
(import 'alerts/labels.libsonnet') +
(import 'dashboards/live.libsonnet') +
(import 'dashboards/fleet.libsonnet') +
(import 'dashboards/history.libsonnet') +
(import 'dashboards/slo.libsonnet') +
(import 'dashboards/health.libsonnet')
