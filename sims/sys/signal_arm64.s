#include "textflag.h"

// The asynchronous handler of signal.go, called by the kernel: R0 is the signal's
// number, R1 its siginfo_t, R2 its ucontext_t. It calls nothing, uses no stack, and
// may change every register: sigreturn(2) restores them all. See signal_amd64.s for
// what it does in words.
TEXT handler<>(SB), NOSPLIT|NOFRAME|TOPFRAME, $0
	MOVWU R0, R0
	MOVD  ·signalLog(SB), R3
	CBZ   R3, out

	ADD R0<<3, R3, R4 // Counts

count:
	LDAXR (R4), R5
	ADD   $1, R5
	STLXR R5, (R4), R6
	CBNZ  R6, count

	ADD $520, R3, R4 // Arrived: 65 * 8

reserve:
	LDAXR (R4), R5
	ADD   $1, R5, R6
	STLXR R6, (R4), R7
	CBNZ  R7, reserve
	AND   $31, R5, R5
	ADD   $528, R3, R4
	ADD   R5<<4, R4, R4 // Order

	MOVD  24(R1), R5 // si_value
	MOVD  R5, 8(R4)
	MOVWU 8(R1), R5  // si_code
	ORR   R5<<32, R0, R5
	STLR  R5, (R4)   // signal and code last, in one piece

out:
	MOVD ·signalKeep(SB), R3
	MOVD 40(R2), R4 // uc_sigmask
	ORR  R3, R4, R4
	MOVD R4, 40(R2)
	RET             // to the restorer: the kernel has put it in the link register

// The restorer: rt_sigreturn(2), which does not return.
TEXT restorer<>(SB), NOSPLIT|NOFRAME|TOPFRAME, $0
	MOVD $139, R8
	SVC
	BRK

// func signalHandler() uintptr
TEXT ·signalHandler(SB), NOSPLIT, $0-8
	MOVD $handler<>(SB), R0
	MOVD R0, ret+0(FP)
	RET

// func signalRestorer() uintptr
TEXT ·signalRestorer(SB), NOSPLIT, $0-8
	MOVD $restorer<>(SB), R0
	MOVD R0, ret+0(FP)
	RET
