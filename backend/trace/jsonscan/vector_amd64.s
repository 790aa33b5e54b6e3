//go:build !purego

#include "textflag.h"

// No routine reads a byte outside the text it is given. The first two may give up (0) where
// their counterparts in Go would not: those are then asked.

DATA structure<>+0(SB)/8, $0x7d7b5c22 // " \ { }
GLOBL structure<>(SB), RODATA|NOPTR, $8

// func skipVector(b []byte, i int) (end int)
//
// Sixty-four bytes at a time become sets of bits: quotes, opening and closing braces.
// The parity of the quotes up to each bit, which is a product without carries with a
// number of ones, says which braces are in strings. A closing brace in a string, or a
// backslash anywhere, is for others to judge.
TEXT ·skipVector(SB), NOSPLIT, $0-40
	MOVQ b_base+0(FP), SI
	MOVQ b_len+8(FP), CX
	MOVQ i+24(FP), DI
	INCQ DI
	ADDQ SI, CX            // the end of the text
	ADDQ SI, DI            // the next byte
	SUBQ $64, CX           // the last place where 64 bytes are left
	LEAQ structure<>(SB), R8
	VPBROADCASTB 0(R8), Y0
	VPBROADCASTB 1(R8), Y1
	VPBROADCASTB 2(R8), Y2
	VPBROADCASTB 3(R8), Y3
	VPXOR Y4, Y4, Y4       // backslashes
	VPCMPEQB X5, X5, X5    // ones
	XORQ R9, R9            // all ones while in a string
	MOVQ $1, R10           // depth

words:
	CMPQ DI, CX
	JA   none
	VMOVDQU (DI), Y6
	VMOVDQU 32(DI), Y7
	VPCMPEQB Y0, Y6, Y8
	VPCMPEQB Y0, Y7, Y9
	VPMOVMSKB Y8, AX
	VPMOVMSKB Y9, BX
	SHLQ $32, BX
	ORQ  BX, AX            // quotes
	VMOVQ AX, X8
	VPCLMULQDQ $0, X5, X8, X8
	VPCMPEQB Y3, Y6, Y9
	VPCMPEQB Y3, Y7, Y10
	VPMOVMSKB Y9, R11
	VPMOVMSKB Y10, R12
	SHLQ $32, R12
	ORQ  R12, R11          // closing braces
	VPCMPEQB Y2, Y6, Y9
	VPCMPEQB Y2, Y7, Y10
	VPMOVMSKB Y9, R12
	VPMOVMSKB Y10, R13
	SHLQ $32, R13
	ORQ  R13, R12          // opening braces
	VPCMPEQB Y1, Y6, Y9
	VPCMPEQB Y1, Y7, Y10
	VPOR Y9, Y4, Y4
	VPOR Y10, Y4, Y4
	VMOVQ X8, AX
	XORQ R9, AX            // bytes in a string
	MOVQ AX, R9
	SARQ $63, R9
	ANDNQ R12, AX, R12
	TESTQ R11, R11
	JNZ  closing

next:
	POPCNTQ R12, R12
	ADDQ R12, R10
	ADDQ $64, DI
	JMP  words

closing:
	TESTQ R11, AX
	JNZ  none

close:
	BLSMSKQ R11, R13
	MOVQ R12, BX
	ANDQ R13, BX           // opened before this one
	POPCNTQ BX, BX
	ADDQ BX, R10
	DECQ R10
	JZ   found
	ANDNQ R12, R13, R12
	BLSRQ R11, R11
	JNZ  close
	JMP  next

found:
	VPTEST Y4, Y4
	JNZ  none
	TZCNTQ R11, R11
	LEAQ 1(DI)(R11*1), AX
	SUBQ SI, AX
	MOVQ AX, end+32(FP)
	VZEROUPPER
	RET

none:
	MOVQ $0, end+32(FP)
	VZEROUPPER
	RET

DATA numerals<>+0(SB)/8, $0x2e0930 // 0, nine, the point
GLOBL numerals<>(SB), RODATA|NOPTR, $8

// func matchVector(b []byte, i int, pieces []string, at *[MaxNumbers]span, digits *[MaxNumbers]uint8) (end int)
//
// A piece is compared 64 bytes at a time, the last 32 of them first: they may overlap
// those before. One of fewer bytes is compared as if it had 32, and the equal ones are
// counted. The 32 bytes after a piece tell how long the number is; where the next piece
// begins is taken from digits all the same, as long as it is right, so that the pieces
// wait for a branch to be foretold and not for one another.
TEXT ·matchVector(SB), NOSPLIT, $0-80
	MOVQ b_base+0(FP), SI
	MOVQ b_len+8(FP), CX
	MOVQ i+24(FP), DI
	MOVQ pieces_base+32(FP), R8
	MOVQ pieces_len+40(FP), R9
	MOVQ at+56(FP), R10
	MOVQ digits+64(FP), R12
	ADDQ SI, CX
	ADDQ SI, DI            // the next byte
	SUBQ $32, CX           // the last place where 32 bytes are left
	LEAQ numerals<>(SB), AX
	VPBROADCASTB 0(AX), Y0
	VPBROADCASTB 1(AX), Y1
	VPBROADCASTB 2(AX), Y2

piece:
	MOVQ (R8), R11         // its text
	MOVQ 8(R8), DX         // and length
	ADDQ $16, R8
	LEAQ (DI)(DX*1), BX    // where it ends in b
	CMPQ BX, CX
	JA   differs
	SUBQ $32, DX
	JB   few
	VMOVDQU -32(BX), Y4
	VPXOR (R11)(DX*1), Y4, Y4 // what differs: of the last 32 bytes,
	JZ   compared

	SUBQ $32, DX           // and of all before them
	JBE  last

many:
	VMOVDQU (DI), Y5
	VMOVDQU 32(DI), Y6
	VPXOR (R11), Y5, Y5
	VPXOR 32(R11), Y6, Y6
	VPOR Y5, Y4, Y4
	VPOR Y6, Y4, Y4
	ADDQ $64, DI
	ADDQ $64, R11
	SUBQ $64, DX
	JA   many
	CMPQ DX, $-32
	JLE  compared

last:
	VMOVDQU (DI), Y5
	VPXOR (R11), Y5, Y5
	VPOR Y5, Y4, Y4

compared:
	VPTEST Y4, Y4
	JNZ  differs

number:
	MOVQ BX, DI
	DECQ R9
	JZ   equal
	VMOVDQU (DI), Y4
	VPSUBB Y0, Y4, Y5
	VPMINUB Y1, Y5, Y6
	VPCMPEQB Y5, Y6, Y6
	VPCMPEQB Y2, Y4, Y4
	VPOR Y4, Y6, Y4
	VPMOVMSKB Y4, AX       // digits and points
	NOTL AX
	TZCNTL AX, AX          // how many there are
	CMPB (DI), $0x2e       // none begins with a point
	JEQ  differs
	MOVBLZX (R12), DX      // how many there were last time
	CMPL AX, DX
	JNE  longer

counted:
	INCQ R12
	SUBQ SI, BX
	MOVL BX, (R10)
	ADDQ DX, BX
	MOVL BX, 4(R10)
	ADDQ $8, R10
	ADDQ DX, DI
	JMP  piece

longer:
	LEAQ -1(AX), DX
	CMPQ DX, $31
	JAE  differs
	MOVB AX, (R12)
	MOVL AX, DX
	JMP  counted

few:
	VMOVDQU (DI), Y4
	VPCMPEQB (R11), Y4, Y4
	VPMOVMSKB Y4, AX
	NOTL AX
	TZCNTL AX, AX          // equal bytes
	ADDQ $32, DX
	CMPQ AX, DX
	JAE  number

differs:
	MOVQ $0, end+72(FP)
	VZEROUPPER
	RET

equal:
	SUBQ SI, DI
	MOVQ DI, end+72(FP)
	VZEROUPPER
	RET

DATA tens<>+0(SB)/8, $0x010a010a010a010a
DATA tens<>+8(SB)/8, $0x010a010a010a010a
DATA tens<>+16(SB)/8, $0x0001006400010064 // hundreds
DATA tens<>+24(SB)/8, $0x0001006400010064
DATA tens<>+32(SB)/8, $0x0001271000012710 // ten thousands
DATA tens<>+40(SB)/8, $0x0001271000012710
DATA tens<>+48(SB)/8, $0                  // the last n of sixteen: from n bytes on
DATA tens<>+56(SB)/8, $0
DATA tens<>+64(SB)/8, $0xffffffffffffffff
DATA tens<>+72(SB)/8, $0xffffffffffffffff
DATA tens<>+80(SB)/8, $0                  // three decimals
DATA tens<>+88(SB)/8, $0xffffff0000000000
GLOBL tens<>(SB), RODATA|NOPTR, $96

// func valuesVector(b []byte, at *[MaxNumbers]Span, n int, values *[MaxNumbers]Value)
//
// Sixteen digits become eight pairs, four fours, two eights and one number.
TEXT ·valuesVector(SB), NOSPLIT, $0-48
	MOVQ b_base+0(FP), SI
	MOVQ at+24(FP), R10
	MOVQ n+32(FP), R9
	MOVQ values+40(FP), R11
	LEAQ numerals<>(SB), AX
	VPBROADCASTB 0(AX), X0
	VPBROADCASTB 1(AX), X1
	LEAQ tens<>(SB), R8
	VMOVDQU 80(R8), X5

value:
	MOVL (R10), AX         // from
	MOVL 4(R10), DX        // to
	LEAQ (SI)(DX*1), BX
	CMPL DX, $17
	JB   unknown
	SUBL AX, DX            // characters
	XORL R12, R12          // no point
	VMOVDQU -16(BX), X6
	CMPL DX, $5
	JB   sixteen
	CMPB -4(BX), $0x2e
	JNE  sixteen
	VMOVDQU -17(BX), X7
	VPBLENDVB X5, X6, X7, X6
	DECL DX
	INCL R12

sixteen:
	LEAL -1(DX), AX
	CMPL AX, $16
	JAE  unknown
	VPSUBB X0, X6, X6
	VPAND 48(R8)(DX*1), X6, X6
	VPMINUB X1, X6, X7
	VPCMPEQB X7, X6, X7
	VPMOVMSKB X7, AX
	CMPL AX, $0xffff
	JNE  unknown           // no digit
	VPMADDUBSW (R8), X6, X6
	VPMADDWD 16(R8), X6, X6
	VPACKUSDW X6, X6, X6
	VPMADDWD 32(R8), X6, X6
	VMOVQ X6, AX
	MOVL AX, DX
	SHRQ $32, AX
	IMULQ $100000000, DX
	ADDQ DX, AX
	LEAQ (R12)(AX*2), AX

known:
	MOVQ AX, (R11)
	ADDQ $8, R10
	ADDQ $8, R11
	DECQ R9
	JNZ  value
	VZEROUPPER
	RET

unknown:
	MOVQ $-1, AX
	JMP  known
