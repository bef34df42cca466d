// Package prom runs the real Prometheus inside the demo: its scrape manager,
// storage, query engine and rule manager, and the part of its HTTP API that
// the actors and people ask. Nothing of the rules is imitated.
package prom
