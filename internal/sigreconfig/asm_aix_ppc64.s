//go:build gc

#include "textflag.h"

// Calls into libc go through the runtime (syscall_aix.go of the Go runtime).

TEXT ·syscall6(SB),NOSPLIT,$0-88
	JMP	syscall·syscall6(SB)
