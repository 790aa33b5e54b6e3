package jsonscan

import "encoding/binary"

// Eight digits are read at once, as the bytes of one word.

// ReadMicros reads b[at] as Micros does, and with three decimals, as Kineto writes
// them, fast.
func ReadMicros(b []byte, at Span) (int64, bool) {
	to := int(at.To)
	n := to - int(at.From) - 1
	if n < 4 || n > 16 || to < 17 || b[to-4] != '.' {
		return Micros(at.Of(b))
	}
	const fraction = 0xffffff << 40
	low := load(b, to-9)&^fraction | load(b, to-8)&fraction
	if v, ok := sixteen(load(b, to-17), low, n); ok {
		return v, true
	}
	return Micros(at.Of(b))
}

// ReadWhole reads b[at], a whole number of at most sixteen digits.
func ReadWhole(b []byte, at Span) (int64, bool) {
	to := int(at.To)
	n := to - int(at.From)
	if n > 16 || to < 16 {
		return 0, false
	}
	return sixteen(load(b, to-16), load(b, to-8), n)
}

func load(b []byte, i int) uint64 { return binary.LittleEndian.Uint64(b[i:]) }

const zeros = 0x3030303030303030

// sixteen is the number that the last n of sixteen digits make; false if they are none.
func sixteen(high, low uint64, n int) (int64, bool) {
	if n <= 8 {
		high, low = zeros, last(low, n)
	} else {
		high = last(high, n-8)
	}
	if notDigits(high)|notDigits(low) != 0 {
		return 0, false
	}
	return eight(high)*1e8 + eight(low), true
}

// last is the last n characters of x after zeros.
func last(x uint64, n int) uint64 {
	drop := uint(64 - 8*n)
	return x>>drop<<drop | zeros>>(64-drop)
}

// notDigits is 0 if all eight characters are digits.
func notDigits(x uint64) uint64 {
	const kind = 0xf0f0f0f0f0f0f0f0
	return (x&kind ^ zeros) | ((x+0x0606060606060606)&kind ^ zeros)
}

// eight is the number that eight digits make: of pairs, fours and all.
func eight(x uint64) int64 {
	x -= zeros
	x = x*10 + x>>8
	const pairs = 0x000000ff000000ff
	return int64((x&pairs*0x000f424000000064 + x>>16&pairs*0x0000271000000001) >> 32)
}
