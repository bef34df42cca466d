// Package paging runs the real Prometheus and Alertmanager with the shipped
// rules and examples, and records whom they would have woken, and by what.
//
// Several clusters share the two servers and are told apart by their label
// alone, so that a rule, a route or an inhibition that mixes them is seen.
package paging
