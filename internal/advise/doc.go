// Package advise recommends HEARTBEAT_FREQUENCY_DURING_LPM from the freezes
// that were measured. It is pure: the same input gives the same advice on
// every machine.
//
// # The trade
//
// A small value risks that a freeze outlasts it: the other nodes then take
// the frozen node for dead. A large one costs time when the node really dies
// in a migration: until the value and the grace period are over nobody takes
// over. Both sides are written out for every candidate: the multiples of 10 s
// from 10 to 600 s, which is what PowerHA accepts (clmgr(1); SG24-8278 table
// 8-4). While it was never set PowerHA uses 600 s.
//
// # The sample
//
// One migration is one observation: its longest freeze, taken at its upper
// end, estimate + error bound. It exceeds a candidate when it reaches it. The
// grace period is not counted as tolerance: it is left for the brownout after
// a freeze and for the interval of the heartbeats. Left out, and counted, are
// freezes outside migrations, freezes of low confidence (a stopped process)
// and migrations whose freeze was not visible. The last say nothing about how
// long a freeze is: the advice holds as far as their freezes were like the
// others.
//
// # The risk
//
// Of n observations k exceed a candidate. The estimate is k/n. The bound that
// counts is the exact upper limit of Clopper and Pearson (Biometrika 26, 1934)
// at 95 %, one-sided; with k = 0 it is 1 − 0.05^(1/n), about 3/n (the rule of
// three). It assumes only that the migrations are independent and alike. For a
// risk of 1 % it needs 299 migrations.
//
// Where these are not at hand, an extreme-value distribution may do. Gumbel's
// is fitted to the durations and to their logarithms (which is Fréchet's, with
// a heavy tail), both by L-moments (Hosking, J. R. Stat. Soc. B 52, 1990). A
// fit is used only with at least 30 and at most 2000 observations, when the
// test of Anderson and Darling does not reject it at 10 %. The distribution of
// its statistic and of both parameters under the fitted family is found by
// simulation with a fixed seed (a parametric bootstrap). Both families are of
// location and scale on their axis and the estimators follow shifts and
// stretches, so that the upper limit found this way is exact for the family,
// but for the noise of the simulation, at every n.
//
// That few observations cannot tell the two families apart, so where both
// pass, the larger limit counts. And what a fit claims beyond the data is cut:
// never below k/n, and never below 1/(3n), as frequency analysis is
// "generally restricted, with 10 to 100 sample observations, to estimate
// events exceeded with a chance of at least 1 in 100" (Stedinger, Vogel,
// Foufoula-Georgiou in Maidment, Handbook of Hydrology, 1993, ch. 18).
//
// # The recommendation
//
// It is the smallest candidate that is longer than every observation, is not
// below HEARTBEAT_FREQUENCY (a migration is no time to be quicker to judge
// than calm days are) and whose upper limit is not above the accepted risk:
// by the binomial limit if any candidate satisfies it, as it assumes less,
// else by the fit if there is one, else there is none and the present value
// is to stay, if no freeze has reached it.
package advise
