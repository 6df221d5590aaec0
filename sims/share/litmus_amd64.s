#include "textflag.h"

// func StoreThenLoad(mine, other *atomic.Uint32) uint32
TEXT ·StoreThenLoad(SB), NOSPLIT, $0-20
	MOVQ mine+0(FP), AX
	MOVQ other+8(FP), CX
	MOVL $1, (AX)        // a plain MOV: it may wait in the store buffer
	MOVL (CX), DX        // and this load may overtake it
	MOVL DX, ret+16(FP)
	RET

// func StoreFenceLoad(mine, other *atomic.Uint32) uint32
TEXT ·StoreFenceLoad(SB), NOSPLIT, $0-20
	MOVQ mine+0(FP), AX
	MOVQ other+8(FP), CX
	MOVL $1, (AX)
	MFENCE               // nothing is loaded before the store buffer is empty
	MOVL (CX), DX
	MOVL DX, ret+16(FP)
	RET
