package unit

import (
	"math"
	"testing"
	"time"
)

func TestWords(t *testing.T) {
	for _, tt := range []struct{ got, want string }{
		{Number(11279.3, 0), "11 279"}, {Number(8.514, 2), "8.51"}, {Number(-0.001, 1), "0.0"}, {Number(1234.5, 1), "1 234.5"},
		{Number(-1234567, 0), "-1 234 567"}, {Number(math.NaN(), 1), "–"}, {Number(math.Inf(1), 1), "–"}, {Number(999, 0), "999"},
		{Full(250591.765), "250591.765"}, {Full(1e21), "1000000000000000000000"},
		{Signed(1.5, 1), "+1.5"}, {Signed(-0.2, 1), "-0.2"}, {Signed(0.01, 1), "0.0"}, {Signed(0, 0), "0"},
		{Significant(0.4521), "0.452"}, {Significant(402.3), "402"}, {Significant(6.64), "6.64"}, {Significant(11.26), "11.3"},
		{Significant(11279), "11 279"},
		{Percent(1, 3), "33.3"}, {Percent(1, 0), "–"},
		{Bandwidth(0.049), "<0.1"}, {Bandwidth(0.05), "0.1"}, {Bandwidth(41.23), "41.2"}, {Bandwidth(412.3), "412"},
		{Plural(1, "run"), "1 run"}, {Plural(2000, "run"), "2 000 runs"}, {Plural(0, "run"), "0 runs"},
	} {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
}

// Memory is binary, files are decimal, whatever their size.
func TestSizes(t *testing.T) {
	for n, want := range map[int64]string{100: "100 B", 1023: "1 023 B", 1024: "1 KiB", 32 << 10: "32 KiB", 149 << 20: "149 MiB",
		3<<29 + 1: "1.5 GiB", 80 << 30: "80 GiB", 3 << 60: "3 072 PiB"} {
		if got := Memory(n); got != want {
			t.Errorf("memory of %d is %q, want %q", n, got, want)
		}
	}
	for n, want := range map[int64]string{0: "0 B", 999: "999 B", 1000: "1.0 kB", 149_427_462: "149 MB", 9_940_000: "9.9 MB",
		9_950_000: "10 MB", 999_500: "1.0 MB", 42e9: "42 GB", 3e15: "3 000 TB"} {
		if got := FileSize(n); got != want {
			t.Errorf("files of %d are %q, want %q", n, got, want)
		}
	}
	if got := GiB(3 << 29); got != "1.5" {
		t.Errorf("GiB %q", got)
	}
}

func TestTimes(t *testing.T) {
	for _, tt := range []struct{ got, want string }{
		{Duration(4900), "4.90 µs"}, {Duration(402_000_000), "402 ms"}, {Duration(500), "500 ns"},
		{Duration(13_100_000_000), "13.1 s"}, {Duration(0), "0 ms"},
		{Millis(1_234_567, 2), "1.23"}, {Micros(9_000, 2), "4.5"}, {Micros(9_000, 0), "–"},
		{Clock(112 * time.Second), "1:52"}, {Clock(3845 * time.Second), "1:04:05"}, {Clock(51 * time.Hour), "2-03:00:00"},
		{Clock(-time.Second), "0:00"},
	} {
		if tt.got != tt.want {
			t.Errorf("got %q, want %q", tt.got, tt.want)
		}
	}
}

func TestMoments(t *testing.T) {
	now := time.Date(2026, 11, 23, 14, 2, 0, 0, time.FixedZone("PST", -8*3600))
	for back, want := range map[time.Duration]string{time.Second: "just now", 5 * time.Minute: "5 min ago", 2 * time.Hour: "2 h ago",
		72 * time.Hour: "3 days ago"} {
		if got := Ago(now.Add(-back), now); got != want {
			t.Errorf("%v: %q, want %q", back, got, want)
		}
	}
	for back, want := range map[time.Duration]string{time.Hour: "13:02", 48 * time.Hour: "21 Nov 14:02"} {
		if got := Moment(now.Add(-back).UTC(), now); got != want {
			t.Errorf("%v back, said in UTC: %q, want %q", back, got, want)
		}
	}
	if Ago(time.Time{}, now) != "" || Moment(time.Time{}, now) != Missing {
		t.Error("no moment has words")
	}
}

// What was measured and is not 0 never reads as 0.
func TestFigure(t *testing.T) {
	for _, tt := range []struct {
		v        float64
		decimals int
		want     string
	}{{0, 2, "0.00"}, {0.004, 2, "0.004"}, {0.00004, 3, "0.00004"}, {-0.04, 1, "-0.04"}, {0.06, 1, "0.1"}, {15532.4, 0, "15 532"},
		{1e-30, 1, "0.000000000"}, {250591.765, 3, "250 591.765"}} {
		if got := Figure(tt.v, tt.decimals); got != tt.want {
			t.Errorf("%v with %d: %q, want %q", tt.v, tt.decimals, got, tt.want)
		}
	}
}

// Two values that differ read differently in a comparison.
func TestApart(t *testing.T) {
	for _, tt := range []struct {
		a, b       float64
		least, all int
	}{{1, 1, 2, 2}, {8.51, 8.52, 1, 2}, {8.514, 8.5142, 2, 4}, {100, 200, 0, 0}, {1, 1 + 1e-12, 0, mostDecimals}} {
		if got := Apart(tt.a, tt.b, tt.least); got != tt.all {
			t.Errorf("%v and %v: %d decimals, want %d", tt.a, tt.b, got, tt.all)
		}
	}
}
