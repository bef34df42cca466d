// Package realdrmgr runs IBM's own drmgr of Linux on Power, on any Linux
// machine, so that the hooks of this project are tested against the program
// that will call them and not against what we think of it.
//
// The program comes from Debian's package powerpc-ibm-utils for ppc64el (1.3.11
// or newer: older ones know no hooks, drmgr-hooks(8)). It runs under user-mode
// QEMU in a folder that is its root, whose /proc and /sys say "a partition that
// can be migrated". What a kernel or the firmware would do at the suspension,
// the test does: a Hypervisor holds drmgr in the call with which it asks for it.
//
// It is for tests, needs root (chroot, mknod) and Debian's packages, and tells
// by ErrUnavailable what it cannot have.
package realdrmgr
