// Package peer exchanges heartbeats between the exporters of a cluster, by
// UDP, authenticated with a shared key (HMAC-SHA-256).
//
// A heartbeat carries the sender's monotonic time and the echo of the last
// datagram that it received, as NTP's do, so that each side knows the offset
// of the other's clock and the delay. Whatever steps the offset is time that
// one of the two nodes did not see pass: a freeze in which its counters stood
// still. Heartbeats also carry the phase, the episode and the suspension of
// the sender, how long it heard nothing of the receiver, and the results of
// its remote probes of the receiver's applications.
//
// Core is the synchronous heart: Step(now, inputs) returns effects. Service is
// the thin shell around it: a socket, one goroutine that reads it, one that
// steps the core.
//
// How an exporter uses it: NewService, then Run in a goroutine of its own.
// SetLocal whenever something of this node changes, OwnGap for every gap of
// package freeze. The effects OffsetStep, SilenceTold and SilenceOver come to
// Options.Events; what the first two embed goes to freeze.Tracker as it is.
// Status and Stats may be called at any time.
package peer
