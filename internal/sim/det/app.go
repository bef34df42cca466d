package det

import "time"

// app is the application of a group on one node.
type app struct {
	running bool
	sick    bool          // it does not answer
	until   time.Duration // it recovers by itself then; 0: never
	log     changes       // whether it was healthy
}

func (n *node) healthy(group string) bool {
	a := n.apps[group]
	return n.runs() && a.running && (!a.sick || a.until > 0 && n.w.now >= a.until)
}

// well: every application that belongs on the node is healthy. has: there is one.
func (n *node) well() (well, has bool) {
	well = true
	for _, g := range n.w.plan.groups {
		if n.w.owner[g.Name] == n.name {
			has = true
			well = well && n.healthy(g.Name)
		}
	}
	return well, has
}

func (n *node) appScript(kind, group string) (exit int) {
	a := n.apps[group]
	switch kind {
	case "app_start":
		switch {
		case !a.running:
			a.running, a.sick, a.until = true, false, 0
		case n.w.plan.fragile[group]:
			a.sick, a.until = true, 0 // a start script that is not idempotent
		}
		n.w.seen(group)
	case "app_stop":
		a.running, a.sick = false, false
		n.w.seen(group)
	case "app_monitor":
		if !n.healthy(group) {
			exit = 1
		}
	}
	n.w.healthChanged()
	return exit
}

// fallSick makes the applications of a node unhealthy for d, or until somebody starts them again.
func (n *node) fallSick(d time.Duration) {
	for _, g := range n.w.plan.groups {
		if a := n.apps[g.Name]; a.running {
			a.sick, a.until = true, 0
			if d > 0 {
				a.until = n.w.now + d
				n.w.on(n, d, n.w.healthChanged)
			}
		}
	}
	n.w.healthChanged()
}

// changes is how a fact changed over time, the latest last.
type changes []change

type change struct {
	at time.Duration
	on bool
}

// set notes a value; it tells whether it differs from the one before.
func (c *changes) set(at time.Duration, on bool) bool {
	if n := len(*c); n > 0 && (*c)[n-1].on == on {
		return false
	}
	*c = append(*c, change{at, on})
	return true
}

// at is the value at a moment; off before the first.
func (c changes) at(t time.Duration) bool {
	on := false
	for _, x := range c {
		if x.at > t {
			break
		}
		on = x.on
	}
	return on
}

// throughout reports whether the fact held from one moment to another.
func (c changes) throughout(from, to time.Duration) bool {
	for _, x := range c {
		if x.at > from && x.at <= to && !x.on {
			return false
		}
	}
	return c.at(from)
}

// healthChanged tells the referee, and what Prometheus will have scraped.
func (w *World) healthChanged() {
	for _, n := range w.nodes {
		for _, g := range w.plan.groups {
			n.apps[g.Name].log.set(w.now, n.healthy(g.Name))
		}
		well, has := n.well()
		if w.health[n.name] == nil {
			w.health[n.name] = &changes{}
		}
		if w.health[n.name].set(w.now, well || !has) {
			w.emit(n.name, "health", "healthy", well || !has)
		}
		n.ready.set(w.now, n.runs() && n.exporter && (well || !has))
	}
}
