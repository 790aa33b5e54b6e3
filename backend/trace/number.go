package trace

import (
	"math"
	"strconv"
)

// maxNanos bounds every time read: half of int64's range, so that a start, a
// duration and a base can be added without overflow.
const maxNanos = math.MaxInt64 / 4

// micros reads a decimal number of microseconds, as "4568975194705.745", as integer
// nanoseconds. More than three decimals are rounded to the nearest, halves up.
// False: not a number (NaN, inf, N/A included), or beyond ±73 years.
func micros(b []byte) (int64, bool) { return decimal(b, 3) }

// integer reads a number that should be whole; a fraction is rounded.
func integer(b []byte) (int64, bool) { return decimal(b, 0) }

// decimal reads the JSON number b times 10^shift, rounded to a whole.
func decimal(b []byte, shift int) (int64, bool) {
	neg := len(b) > 0 && b[0] == '-'
	if neg {
		b = b[1:]
	}
	m, exp, ok := mantissa(b)
	if !ok {
		return 0, false
	}
	v, ok := scale(m, exp+shift)
	if neg {
		v = -v
	}
	return v, ok
}

// mantissa splits an unsigned JSON number into digits and a power of ten. Digits
// beyond the eighteenth only move the exponent: they are below a nanosecond in
// any time that maxNanos allows.
func mantissa(b []byte) (m int64, exp int, ok bool) {
	i, point := 0, -1
	for ; i < len(b); i++ {
		c := b[i]
		switch {
		case c >= '0' && c <= '9':
			if m < 1e17 {
				m = m*10 + int64(c-'0')
			} else {
				exp++
			}
			ok = true
		case c == '.' && point < 0 && ok:
			point = i
		case (c == 'e' || c == 'E') && ok:
			return withExponent(m, exp, fraction(i, point), b[i+1:])
		default:
			return 0, 0, false
		}
	}
	return m, exp - fraction(i, point), ok && b[len(b)-1] != '.'
}

// fraction is the number of digits after the point, in text that ends at i.
func fraction(i, point int) int {
	if point < 0 {
		return 0
	}
	return i - point - 1
}

func withExponent(m int64, exp, decimals int, b []byte) (int64, int, bool) {
	sign := 1
	if len(b) > 0 && (b[0] == '+' || b[0] == '-') {
		if b[0] == '-' {
			sign = -1
		}
		b = b[1:]
	}
	if len(b) == 0 || len(b) > 4 {
		return 0, 0, false
	}
	e := 0
	for _, c := range b {
		if c < '0' || c > '9' {
			return 0, 0, false
		}
		e = e*10 + int(c-'0')
	}
	return m, exp - decimals + sign*e, true
}

// scale is m·10^exp rounded to the nearest whole; false beyond maxNanos.
func scale(m int64, exp int) (int64, bool) {
	for ; exp > 0 && m != 0; exp-- {
		if m > maxNanos/10 {
			return 0, false
		}
		m *= 10
	}
	if exp < -18 {
		return 0, true
	}
	if exp < 0 {
		div := int64(1)
		for ; exp < 0; exp++ {
			div *= 10
		}
		m = (m + div/2) / div
	}
	return m, m <= maxNanos
}

// powers are the powers of ten that float64 holds exactly.
var powers = [...]float64{1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22}

// float reads a JSON number, and nothing that only strconv takes for one. A short
// number is the quotient of two exact floats, which is the nearest one.
func float(b []byte) (float64, bool) {
	neg := len(b) > 0 && b[0] == '-'
	digits := b
	if neg {
		digits = b[1:]
	}
	m, exp, ok := mantissa(digits)
	if !ok {
		return 0, false
	}
	if !neg && m < 1<<53 && exp <= 0 && -exp < len(powers) {
		return float64(m) / powers[-exp], true
	}
	v, err := strconv.ParseFloat(string(b), 64)
	return v, err == nil
}
