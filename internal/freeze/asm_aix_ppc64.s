//go:build gc

#include "textflag.h"

// Calls into libc go through the runtime (syscall_aix.go of the Go runtime).

TEXT ·rawSyscall6(SB),NOSPLIT,$0-88
	JMP	syscall·rawSyscall6(SB)
