#include "textflag.h"

// The asynchronous handler of signal.go, called by the kernel: DI is the signal's
// number, SI its siginfo_t, DX its ucontext_t. It calls nothing, uses no stack but
// for the way back, and may change every register: sigreturn(2) restores them all.
//
//	if log == 0 { goto out }
//	atomic add 1 to log.Counts[signal]
//	i = atomic add 1 to log.Arrived, as it was before, mod 32
//	log.Order[i] = {signal, si_code, si_value}
//	out: uc_sigmask |= signalKeep
TEXT handler<>(SB), NOSPLIT|NOFRAME|TOPFRAME, $0
	MOVLQSX DI, DI
	MOVQ    ·signalLog(SB), R8
	TESTQ   R8, R8
	JZ      out

	LOCK
	INCQ (R8)(DI*8) // Counts

	MOVQ  $1, AX
	LOCK
	XADDQ AX, 520(R8) // Arrived: 65 * 8
	ANDQ  $31, AX
	SHLQ  $4, AX
	LEAQ  528(R8)(AX*1), R9 // Order

	MOVQ 24(SI), R10 // si_value
	MOVQ R10, 8(R9)
	MOVL 8(SI), R10  // si_code
	SHLQ $32, R10
	ORQ  DI, R10
	MOVQ R10, (R9)   // signal and code last, in one piece

out:
	MOVQ ·signalKeep(SB), R8
	ORQ  R8, 296(DX) // uc_sigmask
	RET              // to the restorer, whose address the kernel has put on the stack

// The restorer: rt_sigreturn(2), which does not return.
TEXT restorer<>(SB), NOSPLIT|NOFRAME|TOPFRAME, $0
	MOVQ $15, AX
	SYSCALL
	INT  $3

// func signalHandler() uintptr
TEXT ·signalHandler(SB), NOSPLIT, $0-8
	LEAQ handler<>(SB), AX
	MOVQ AX, ret+0(FP)
	RET

// func signalRestorer() uintptr
TEXT ·signalRestorer(SB), NOSPLIT, $0-8
	LEAQ restorer<>(SB), AX
	MOVQ AX, ret+0(FP)
	RET
