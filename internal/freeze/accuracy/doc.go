// Package accuracy measures how right packages freeze and peer are: the error
// of each estimator over many freezes whose length is known, how wide the
// bounds are, and whether anything is called a freeze that is none. It is for
// tests and benchmarks; no program of the product imports it.
//
// Freezes are made in two ways. Virtual runs two nodes on a network in virtual
// time, event by event, so that a freeze of ten minutes takes milliseconds and
// a seed gives the same result again. Real stops child processes of this
// program with SIGSTOP, up to five seconds each (Linux).
//
// Both know two worlds: in world A the counters of a frozen node run on, in
// world B they stand still with it, and a hiccup of 30 to 110 ms follows, as
// was measured on guests of QEMU.
package accuracy
