// Package alertroute tests the shipped example of an Alertmanager's
// configuration by Alertmanager's own code: its tree of routes and its
// inhibition rules.
package alertroute
