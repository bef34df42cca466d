//go:build ppc64 || ppc64le

#include "textflag.h"

// func timeBase() uint64
TEXT ·timeBase(SB), NOSPLIT, $0-8
	MOVD SPR(268), R3
	MOVD R3, ret+0(FP)
	RET
