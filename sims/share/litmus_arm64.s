#include "textflag.h"

// func StoreThenLoad(mine, other *atomic.Uint32) uint32
TEXT ·StoreThenLoad(SB), NOSPLIT, $0-20
	MOVD mine+0(FP), R0
	MOVD other+8(FP), R1
	MOVD $1, R2
	MOVW R2, (R0)        // a plain STR: it may wait in the store buffer
	MOVWU (R1), R3       // and this load may overtake it
	MOVW R3, ret+16(FP)
	RET

// func StoreFenceLoad(mine, other *atomic.Uint32) uint32
TEXT ·StoreFenceLoad(SB), NOSPLIT, $0-20
	MOVD mine+0(FP), R0
	MOVD other+8(FP), R1
	MOVD $1, R2
	MOVW R2, (R0)
	DMB $0xb             // ISH: nothing is loaded before the store is seen by all
	MOVWU (R1), R3
	MOVW R3, ret+16(FP)
	RET
