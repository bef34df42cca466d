{
  _config+:: {
    // Matchers put into every selector of the exporter's and of the actor's
    // metrics, for example 'job="powerha_lpm_exporter"'. Empty: none.
    // A ruler that evaluates a part of the clusters has its matcher of cluster here.
    selector: '',
    actorSelector: self.selector,
    // Selects the targets in up.
    upSelector: 'job=~"powerha_lpm_exporter|powerha_lpm_actor"',

    // The labels that hold cluster and node where relabelling has renamed them,
    // for example because "cluster" is a Kubernetes cluster at your site. The
    // gate has the labels cluster and node whatever is said here: the actors
    // ask for it by these.
    clusterLabel: 'cluster',
    nodeLabel: 'node',

    // How often the targets are scraped and the groups evaluated. All spans
    // are in seconds; fractions are allowed.
    scrapeInterval: 15,
    ruleInterval: 15,
    // The same for groups whose alerts nobody has to have within a quarter of a
    // minute: settings, sources, labels, what a migration leaves to look at.
    slowInterval: 60,

    // The gate looks back over this span; it must be at least the actors'
    // confirmation.minimum_stable.
    gateWindow: 60,
    // This part of the samples that fit into the window must be there.
    gateSampleRatio: 0.8,
    // The collectors that stand in for probes on a node that owns no group.
    gateCollectors: 'migration|resource_group|cluster',
    // A condition of the gate that is not met for so long after the end of a migration is told.
    gateSilentFor: 300,
    // The gate's own rules have not been evaluated for so long.
    gateNotEvaluatedFor: 60,

    // How long the last known state counts when a target gives no samples:
    // longer than any freeze, and than the time people need to look.
    memory: 2 * 3600,
    // The same for what nodes tell of their cluster, to compare it. Longer than
    // an ordinary freeze, no longer than disagreeFor: a node that is gone must
    // not make a difference of every change.
    factMemory: 600,

    // Unmanaged for longer than this pages.
    unmanagedTooLong: 1800,
    // The actor's deadline is nearer than this.
    deadlineNear: 600,
    // A failing application of an unmanaged node pages after this: as its own probe sees it, and as its users do.
    applicationDownFor: 60,
    applicationUnreachableFor: 120,
    // No samples from an unmanaged node or its actor, or collectors that stand still over
    // collectorStale, page after blindFor. An ordinary freeze is shorter.
    blindFor: 300,
    collectorStale: 60,
    // The same for a managed node, which only warns.
    goneFor: 900,
    // A target that is not scraped, or an exporter that no peer hears.
    silentFor: 120,
    // A node in migration that its peers and Prometheus do not hear is lost
    // after this. Longer than an ordinary freeze.
    nodeLostFor: 120,
    // A freeze, and a verdict, is reported for so long after its start; counted events for so long after they happened.
    freezeReportedFor: 3600,
    eventReportedFor: 3600,
    // A migration of a node explains a takeover in its cluster for so long.
    takeoverFor: 900,
    // A phase of a migration lasts longer than this.
    migrationTooLong: 3600,
    // The actor has found the protection incomplete, or acts on nothing.
    unmanagedOnlyFor: 60,
    // An operator's hold keeps a node suspended.
    heldFor: 900,
    // A resource group is unmanaged and no suspended node is heard.
    unattendedFor: 900,
    // Who could take over.
    noTargetFor: 120,
    standbyFor: 300,
    // A maintenance window is open and a check says no.
    preflightFor: 60,
    // Settings of PowerHA's own script that stay behind.
    leftoverFor: 600,
    // Variables that differ from what is configured, or that the actor did not put back.
    variablesFor: 900,
    // Nodes tell different things about the same cluster.
    disagreeFor: 600,
    // Changes that nobody synchronises; files and programs that differ between nodes.
    unsyncedFor: 3600,
    configDiffersFor: 1800,
    versionsDifferFor: 86400,
    // PowerHA's own monitor is suspended on a managed node.
    monitorSuspendedFor: 900,
    // What the exporter says of itself: stale sources, sources in disagreement, and the like.
    sourceStale: 300,
    sourceStaleFor: 600,
    selfFor: 300,
    eventLogFor: 900,
    // The node's clock is ahead of Prometheus by more than this.
    clockAhead: 60,

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
    infoSeverity: 'info',

    // %s is the name of the alert, in lower case.
    runbookURLPattern: 'https://github.com/powerha-lpm/powerha_lpm_exporter/blob/main/mixin/runbook.md#%s',

    // Dashboards: their uids, their tags, and whether the variable "cluster" is shown.
    dashboards: {
      live: 'powerha-lpm-live',
      fleet: 'powerha-lpm-fleet',
      history: 'powerha-lpm-history',
      slo: 'powerha-lpm-slo',
      health: 'powerha-lpm-health',
    },
    dashboardTags: ['powerha', 'lpm'],
    showMultiCluster: true,
    // Where Grafana is: each alert then links to the dashboard of its node. Empty: no link.
    grafanaURL: '',
    // A freeze that took more than this part of the budget is marked.
    freezeBudgetWarn: 0.5,
  },

  prometheusRules+:: { groups: [] },
  prometheusAlerts+:: { groups: [] },
  grafanaDashboards+:: {},
}
