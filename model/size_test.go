package model

import "testing"

func TestSizeWords(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 999: "999 B", 1000: "1.0 kB", 149_427_462: "149 MB", 9_940_000: "9.9 MB", 999_500: "1.0 MB", 42e9: "42 GB"} {
		if got := SizeWords(n); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
}
