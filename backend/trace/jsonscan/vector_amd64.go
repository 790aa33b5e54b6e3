//go:build !purego

package jsonscan

import "golang.org/x/sys/cpu"

// vector says that this processor has what the routines in vector_amd64.s use.
var vector = cpu.X86.HasAVX2 && cpu.X86.HasBMI1 && cpu.X86.HasPOPCNT && cpu.X86.HasPCLMULQDQ

// skipVector is skipParity, 64 bytes at a time: it sees no end with less text behind it.
//
//go:noescape
func skipVector(b []byte, i int) (end int)

// matchVector is matchPlain for text with 32 bytes to spare, where every piece has 32 readable bytes behind it. digits, each 1 to
// maxNumber, says how long the numbers are expected to be, and afterwards how long they were: a difference to speed alone.
//
//go:noescape
func matchVector(b []byte, i int, pieces []string, at *[MaxNumbers]Span, digits *[MaxNumbers]uint8) (end int)

// valuesVector is valuesPlain for n numbers, at least one.
//
//go:noescape
func valuesVector(b []byte, at *[MaxNumbers]Span, n int, values *[MaxNumbers]Value)
