{
  _config+:: {
    // Matchers put into every selector of the exporter's and of the actor's
    // metrics, for example 'job="powerha_lpm_exporter"'. Empty: none.
    selector: '',
    actorSelector: self.selector,

    // How often the targets are scraped and the groups evaluated. All spans
    // are in seconds; fractions are allowed.
    scrapeInterval: 15,
    ruleInterval: 15,

    // The gate looks back over this span; it must be at least the actors'
    // confirmation.minimum_stable.
    gateWindow: 60,
    // This part of the samples that fit into the window must be there.
    gateSampleRatio: 0.8,
    // The collectors that stand in for probes on a node that owns no group.
    gateCollectors: 'migration|resource_group|cluster',

    // How long the last known state counts when a target gives no samples:
    // longer than any freeze, and than the time people need to look.
    memory: 2 * 3600,

    // Unmanaged for longer than this pages.
    unmanagedTooLong: 1800,
    // A failing application of an unmanaged node pages after this.
    applicationDownFor: 60,
    // No samples from an unmanaged node, or collectors without success for
    // collectorStale, page after blindFor. An ordinary freeze is shorter.
    blindFor: 300,
    collectorStale: 60,
    // The same for a managed node, which only warns.
    goneFor: 900,
    // A node in migration that its peers and Prometheus do not hear is lost
    // after this. Longer than an ordinary freeze.
    nodeLostFor: 120,
    // A freeze is reported for so long after its start.
    freezeReportedFor: 3600,
    // The actor has found the protection incomplete.
    unmanagedOnlyFor: 60,
    // Settings of PowerHA's own script that stay behind.
    leftoverFor: 600,
    // Nodes tell different things about the same cluster.
    disagreeFor: 600,

    // Availability (rules/slo.libsonnet). The objective of every application,
    // and of some: [{ application: 'db', objective: 0.9995 }], with cluster to
    // mean that of one cluster alone; the first that fits counts.
    sloObjective: 0.999,
    sloObjectives: [],
    // How often the state of the applications is recorded.
    sloInterval: 30,
    // What declared windows may leave out of 30 days of an application; the
    // cap of one migration is migration.slo_window_cap of its exporter.
    sloWindowCap: 4 * 3600,
    // Burn alerts: a budget of 30 days is used up at factor times the speed that
    // it is made for, over the long window and still over the short one.
    sloBurnAlerts: [
      { long: '1h', short: '5m', factor: 14.4, 'for': 120, severity: 'critical' },
      { long: '6h', short: '30m', factor: 6, 'for': 900, severity: 'critical' },
      { long: '1d', short: '2h', factor: 3, 'for': 3600, severity: 'warning' },
      { long: '3d', short: '6h', factor: 1, 'for': 10800, severity: 'warning' },
    ],

    criticalSeverity: 'critical',
    warningSeverity: 'warning',

    // %s is the name of the alert, in lower case.
    runbookURLPattern: 'https://github.com/powerha-lpm/powerha_lpm_exporter/blob/main/mixin/runbook.md#%s',

    // Dashboards.
    // The names of the labels of cluster and node, if you relabel them.
    clusterLabel: 'cluster',
    nodeLabel: 'node',
    // Hides the choice of the cluster where there is one only.
    showMultiCluster: true,
    dashboards: {
      live: 'powerha-lpm-live',
      fleet: 'powerha-lpm-fleet',
      history: 'powerha-lpm-history',
      slo: 'powerha-lpm-slo',
      health: 'powerha-lpm-health',
    },
    dashboardTags: ['powerha-lpm'],
    // A freeze that took more than this part of the budget is marked.
    freezeBudgetWarn: 0.5,
  },

  prometheusRules+:: { groups: [] },
  prometheusAlerts+:: { groups: [] },
  grafanaDashboards+:: {},
}
