// Package freeze measures how long this node stood still.
//
// Two things are seen. A Detector compares two readings of the node's clocks
// with the time that was to pass between them: the gap. Package peer compares
// the node's clock with that of another node: the step of the offset. Where
// the counters of a frozen partition run on, the gap is the freeze and the
// offset does not step; where they stand still with it, it is the other way
// round. Which of the two a hypervisor does need not be known: the sum is
// right in both (Fuse). Where no peer answers, the real-time clock chip stands
// in for it (package rtc). What none could see is not visible, never 0.
//
// A process that is runnable but waits for a processor is late as well, before
// a freeze and after it. What it waited is measured and widens the bound: the
// truth always lies within. A gap that such waits explain is a stall.
//
// Feeding it, in this order, whenever something comes in:
//
//  1. Sampler.Run samples the clocks and hands each Gap to the caller.
//     SetFine(true) while an episode is open makes the tick fine.
//  2. The caller gives each Gap to package peer (peer.Service.OwnGap), which
//     takes it out of the silence that it measures and looks whether the
//     offset stepped as well, has the clock chip looked at, and gives it to
//     Tracker.Step.
//  3. The PeerStep and PeerSilence values that come back (embedded in
//     peer.OffsetStep and peer.SilenceTold) go to Tracker.Step.
//  4. Tracker.Step returns each freeze once, at most four seconds after it
//     was first seen. SetPeers tells how many peers are up, thus awaited, and
//     SetChip whether there is a chip; while Pending, Step wants to be called
//     every 100 ms or so. Booked says whether it counts.
package freeze
