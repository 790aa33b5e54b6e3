package jsonscan

import (
	"fmt"
	"math/big"
	"math/rand/v2"
	"strconv"
	"testing"
)

func TestMicros(t *testing.T) {
	for _, c := range []struct {
		text string
		want int64
		ok   bool
	}{
		{"4568975194705.745", 4568975194705745, true},
		{"1690000000123456", 1690000000123456000, true},     // integers since 1970, before 2024
		{"1690000000123456.789", 1690000000123456789, true}, // beyond float64
		{"0", 0, true},
		{"0.0004", 0, true},
		{"0.0005", 1, true},
		{"-2.5", -2500, true},
		{"1.5e3", 1500_000, true},
		{"25E-1", 2500, true},
		{"1e-400", 0, true},
		{"10.7450000000000000000000001", 10745, true},
		{"0.00000000000000000000000001", 0, true},
		{"12345678901234567890", 0, false},
		{"1e300", 0, false},
		{"", 0, false}, {"-", 0, false}, {".5", 0, false}, {"5.", 0, false}, {"+5", 0, false}, {"1.2.3", 0, false},
		{"1e", 0, false}, {"1e+", 0, false}, {"1ex", 0, false}, {"NaN", 0, false}, {"nan", 0, false}, {"inf", 0, false},
		{"Infinity", 0, false}, {"-inf", 0, false}, {"N/A", 0, false}, {"0x10", 0, false}, {"1_000", 0, false}, {"true", 0, false},
	} {
		if got, ok := Micros([]byte(c.text)); got != c.want && c.ok || ok != c.ok {
			t.Errorf("Micros(%q) = %d, %v; want %d, %v", c.text, got, ok, c.want, c.ok)
		}
	}
}

// exactNanos is text in µs, rounded half away from zero, by exact rational arithmetic.
func exactNanos(text string) int64 {
	x, _ := new(big.Rat).SetString(text)
	x.Mul(x, big.NewRat(1000, 1))
	x.Add(x, big.NewRat(int64(x.Sign()), 2))
	return new(big.Int).Quo(x.Num(), x.Denom()).Int64()
}

// TestNumbersAgreeWithExactArithmetic holds Micros against rational numbers.
func TestNumbersAgreeWithExactArithmetic(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for range 20_000 {
		text := strconv.FormatInt(rng.Int64N(int64(1)<<rng.IntN(50)), 10)
		if n := rng.IntN(7); n > 0 {
			text += fmt.Sprintf(".%0*d", n, rng.Int64N(pow10(n)))
		}
		if rng.IntN(8) == 0 {
			text += fmt.Sprintf("e%d", rng.IntN(7)-6)
		}
		want := exactNanos(text)
		got, ok := Micros([]byte(text))
		if want > maxNanos {
			if ok {
				t.Fatalf("Micros(%s) = %d, beyond the bound", text, got)
			}
			continue
		}
		if !ok || got != want {
			t.Fatalf("Micros(%s) = %d, %v; exactly %d", text, got, ok, want)
		}
		f, ok := Float([]byte(text))
		if exact, err := strconv.ParseFloat(text, 64); !ok || err != nil || f != exact {
			t.Fatalf("Float(%s) = %v, %v; want %v", text, f, ok, exact)
		}
	}
}

func pow10(n int) int64 {
	p := int64(1)
	for range n {
		p *= 10
	}
	return p
}
