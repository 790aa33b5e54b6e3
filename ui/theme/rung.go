package theme

import "strings"

// Rung is how fine the pictures of a terminal are: what one cell of it shows of 2 × 4 dots.
type Rung int

// The rungs, in the order of the key. A terminal cannot be asked whether its font has octants: they are chosen, never assumed.
const (
	Braille Rung = iota // 2 × 4 points
	Octant              // 2 × 4 solid, of Unicode 16
	ASCII               // a letter: bars, since lines are drawn in letters of their own
	Block               // 2 × 2 quadrants
)

// Rungs are the names of the rungs, as settings spell them.
var Rungs = []string{"braille", "octant", "ascii", "block"}

func (r Rung) String() string { return Rungs[r] }

// RungOf chooses a rung: as set (empty or auto: not), else what every font on such a terminal has. It asks the terminal nothing.
func RungOf(set string, getenv func(string) string) Rung {
	for i, name := range Rungs {
		if name == set {
			return Rung(i)
		}
	}
	locale := ""
	for _, key := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if locale = getenv(key); locale != "" {
			break
		}
	}
	charset := strings.ReplaceAll(strings.ToLower(locale), "-", "")
	switch term := getenv("TERM"); {
	case term == "dumb":
		return ASCII
	case term == "linux", strings.HasPrefix(term, "vt"), locale != "" && !strings.Contains(charset, "utf8"):
		return Block
	}
	return Braille
}

// Sign is a cell in which some of 2 × 4 dots are set: bit 2·row + column, from the upper left. Nothing of no dots.
func (r Rung) Sign(dots byte) string {
	switch {
	case dots == 0:
		return ""
	case r == Octant:
		return octants[dots]
	case r == Braille:
		return string(braille(dots))
	case r == Block:
		return string(quadrants[quadrantOf(dots)])
	}
	return "|"
}

// braille is the pattern of eight dots, whose bits run down the columns, the last row apart.
func braille(dots byte) rune {
	sign := rune(0x2800)
	for i, bit := range []rune{0x01, 0x08, 0x02, 0x10, 0x04, 0x20, 0x40, 0x80} {
		if dots&(1<<i) != 0 {
			sign |= bit
		}
	}
	return sign
}

var quadrants = []rune(" ▘▝▀▖▌▞▛▗▚▐▜▄▙▟█")

// quadrantOf folds two rows of dots into one.
func quadrantOf(dots byte) byte {
	half := func(d byte) byte { return (d | d>>2) & 3 }
	return half(dots&15) | half(dots>>4)<<2
}

// octants are the 256 patterns. Unicode had 26 of them before its block of octants, which has the others in the order of their bits.
var octants = func() (all [256]string) {
	had := map[byte]rune{0x01: 0x1CEA8, 0x02: 0x1CEAB, 0x40: 0x1CEA3, 0x80: 0x1CEA0, 0x03: 0x1FB82, 0x3F: 0x1FB85, 0xC0: '▂', 0xFC: '▆',
		0x14: 0x1FBE6, 0x28: 0x1FBE7}
	for q, sign := range quadrants {
		double := func(d byte) byte { return d | d<<2 }
		had[double(byte(q)&3)|double(byte(q)>>2)<<4] = sign
	}
	next := rune(0x1CD00)
	for dots := range all {
		sign, is := had[byte(dots)]
		if !is {
			sign = next
			next++
		}
		all[dots] = string(sign)
	}
	return all
}()
