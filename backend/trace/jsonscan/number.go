package jsonscan

import (
	"encoding/binary"
	"fmt"
	"math"
	"strconv"
)

// maxNanos bounds every time read, so that a start, a duration and a base can be added without overflow.
const maxNanos = math.MaxInt64 / 4

// Micros reads a decimal number of microseconds, as "4568975194705.745", as integer nanoseconds. More than three decimals are rounded to
// the nearest, halves up. False: not a number (NaN, inf, N/A included), or beyond ±73 years.
func Micros(b []byte) (int64, bool) { return Decimal(b, 3) }

// WrittenMicros is what Micros reads: ns in µs, all digits.
func WrittenMicros(ns int64) string {
	sign := ""
	if ns < 0 {
		sign, ns = "-", -ns
	}
	return fmt.Sprintf("%s%d.%03d", sign, ns/1000, ns%1000)
}

// Integer reads a number that should be whole; a fraction is rounded.
func Integer(b []byte) (int64, bool) { return Decimal(b, 0) }

// Decimal reads the JSON number b times 10^shift, rounded to a whole.
func Decimal(b []byte, shift int) (int64, bool) {
	neg := len(b) > 0 && b[0] == '-'
	if neg {
		b = b[1:]
	}
	m, ok := mantissa(b)
	if !ok {
		return 0, false
	}
	m.exp += shift
	v, ok := m.whole()
	if neg {
		v = -v
	}
	return v, ok
}

// digitsAndPower is m·10^exp, and half a unit of m more if up is set: digits that m has no room for.
type digitsAndPower struct {
	m   int64
	exp int
	up  bool
}

// mantissa reads an unsigned JSON number.
func mantissa(b []byte) (d digitsAndPower, ok bool) {
	i, point, exp := 0, -1, 0
number:
	for ; i < len(b); i++ {
		c := b[i]
		switch {
		case c >= '0' && c <= '9':
			d.add(c - '0')
			ok = true
		case c == '.' && point < 0 && ok:
			point = i
		case (c == 'e' || c == 'E') && ok && i-1 != point:
			exp, ok = exponent(b[i+1:])
			break number
		default:
			return d, false
		}
	}
	if d.exp += exp; point >= 0 {
		d.exp -= i - point - 1
	}
	return d, ok && i-1 != point
}

func (d *digitsAndPower) add(digit byte) {
	switch {
	case d.exp > 0:
		d.exp++
	case d.m <= (maxNanos-9)/10:
		d.m = d.m*10 + int64(digit)
	default:
		d.exp++
		d.up = digit >= 5
	}
}

// exponent reads what follows the e of a number.
func exponent(b []byte) (int, bool) {
	sign := 1
	if len(b) > 0 && (b[0] == '+' || b[0] == '-') {
		if b[0] == '-' {
			sign = -1
		}
		b = b[1:]
	}
	v, end := digits(b, 0)
	return sign * int(v), end == len(b) && end > 0 && end <= 4
}

// whole is the nearest whole number, halves up; false beyond maxNanos.
func (d digitsAndPower) whole() (int64, bool) {
	m, exp := d.m, d.exp
	if exp < -18 { // less than a quarter
		return 0, true
	}
	if exp == 0 && d.up {
		m++
	}
	for ; exp > 0 && m != 0; exp-- {
		if m > maxNanos/10 {
			return 0, false
		}
		m *= 10
	}
	div := int64(1)
	for ; exp < 0; exp++ {
		div *= 10
	}
	m = (m + div/2) / div
	return m, m <= maxNanos
}

// digits reads decimal digits; with more than eighteen the value is void.
func digits(b []byte, i int) (v int64, end int) {
	for end = i; end < len(b) && b[end]-'0' <= 9; end++ {
		v = v*10 + int64(b[end]-'0')
	}
	return v, end
}

// powers are the powers of ten that float64 holds exactly.
var powers = [...]float64{
	1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11,
	1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
}

// Float reads a JSON number, and nothing that only strconv takes for one. A short
// number is the quotient of two exact floats, which is the nearest one.
func Float(b []byte) (float64, bool) {
	neg := len(b) > 0 && b[0] == '-'
	digits := b
	if neg {
		digits = b[1:]
	}
	d, ok := mantissa(digits)
	if !ok {
		return 0, false
	}
	if !neg && d.m < 1<<53 && d.exp <= 0 && -d.exp < len(powers) {
		return float64(d.m) / powers[-d.exp], true
	}
	v, err := strconv.ParseFloat(string(b), 64)
	return v, err == nil
}

// Eight digits are read at once, as the bytes of one word.

// ReadMicros reads b[at] as Micros does, and fast with three decimals, as Kineto writes them.
func ReadMicros(b []byte, at Span) (int64, bool) {
	to := int(at.To)
	n := to - int(at.From) - 1
	if n < 4 || n > 16 || to < 17 {
		return Micros(at.Of(b))
	}
	text := (*[17]byte)(b[to-17:])
	const fraction = 0xffffff << 40
	v, bad := lowDigits(load(text[8:])&^fraction|load(text[9:])&fraction, n)
	if n > 8 {
		high, more := lowDigits(load(text[:]), n-8)
		v, bad = v+high*1e8, bad|more
	}
	if bad != 0 || text[13] != '.' {
		return Micros(at.Of(b))
	}
	return v, true
}

// ReadWhole reads b[at], a whole number of at most sixteen digits.
func ReadWhole(b []byte, at Span) (int64, bool) {
	to := int(at.To)
	n := to - int(at.From)
	if n <= 0 || n > 16 || to < 16 {
		return 0, false
	}
	text := (*[16]byte)(b[to-16:])
	v, bad := lowDigits(load(text[8:]), n)
	if n > 8 {
		high, more := lowDigits(load(text[:]), n-8)
		v, bad = v+high*1e8, bad|more
	}
	return v, bad == 0
}

func load(b []byte) uint64 { return binary.LittleEndian.Uint64(b) }

// lowDigits is the number that the last n of eight characters make, all of them if n is more: of pairs, fours and all. bad is not 0 if
// they are no digits.
func lowDigits(x uint64, n int) (v int64, bad uint64) {
	const (
		zeros = 0x3030303030303030
		kind  = 0xf0f0f0f0f0f0f0f0
		pairs = 0x000000ff000000ff
	)
	x = (x ^ zeros) & (math.MaxUint64 << (uint(64-8*min(n, 8)) & 63))
	bad = (x | (x + 0x0606060606060606)) & kind
	x = x*10 + x>>8
	return int64((x&pairs*0x000f424000000064 + x>>16&pairs*0x0000271000000001) >> 32), bad
}
