#include "textflag.h"

// func moveBytes(to, from *byte, n uintptr)
TEXT ·moveBytes(SB), NOSPLIT, $0-24
	MOVQ to+0(FP), DI
	MOVQ from+8(FP), SI
	MOVQ n+16(FP), CX
	CLD
	REP; MOVSB
	RET
