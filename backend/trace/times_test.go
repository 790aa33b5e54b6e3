package trace

import (
	"slices"
	"strings"
	"testing"
)

const us = 1000

// run is a kernel of launch corr on a stream, in µs.
func run(stream int32, corr uint32, start, end int64) Record {
	return Record{Stream: stream, Corr: corr, Start: start * us, Dur: (end - start) * us}
}

// steady are n kernels on a stream, one every 100 µs from 1000 on, of 60 µs each; launched 20 µs before.
func steady(n int64) (list []Record, h Host) {
	h = Host{First: 0, Last: (1000 + 100*n) * us, Launches: map[uint32]int64{}}
	for k := range n {
		list = append(list, run(7, uint32(k+1), 1000+100*k, 1060+100*k))
		h.Launches[uint32(k+1)] = (980 + 100*k) * us
	}
	return list, h
}

// durations are those of the records, in µs.
func durations(list []Record) (out []int64) {
	for _, k := range list {
		out = append(out, k.Dur/us)
	}
	return out
}

// TestStreamIsSerialInItsEnds: a kernel that ends long after its successor is clipped at that one's start; what a device
// really does is left as it is.
func TestStreamIsSerialInItsEnds(t *testing.T) {
	for _, c := range []struct {
		name string
		list []Record
		want []int64
		said string
	}{
		{"one after the other", []Record{run(7, 1, 0, 50), run(7, 2, 60, 90)}, []int64{50, 30}, ""},
		{"runs over its successor", []Record{run(7, 1, 0, 3_600_000_000), run(7, 2, 60, 90), run(7, 3, 100, 130)}, []int64{60, 30, 30},
			"1 kernel ends after the end of the next one on its stream, by 3 600 s; lost: the time from the start of that next one on"},
		{"several, and one over another", []Record{run(7, 1, 0, 9000), run(7, 2, 60, 5000), run(7, 3, 100, 130)}, []int64{60, 40, 30},
			"2 kernels end after the end of the next one on their stream, the worst by 8.90 ms"},
		{"waits in a programmatic launch", []Record{run(7, 1, 0, 500), run(7, 2, 10, 501), run(7, 3, 20, 520)}, []int64{500, 491, 500}, ""},
		{"ends 100 µs later", []Record{run(7, 1, 0, 200), run(7, 2, 10, 100)}, []int64{200, 90}, ""},
		{"ends 101 µs later", []Record{run(7, 1, 0, 201), run(7, 2, 10, 100)}, []int64{10, 90}, "by 101 µs"},
		{"starts among later launches", []Record{run(7, 2, 60, 90), run(7, 3, 100, 130), run(7, 1, 500, 560)}, []int64{30, 30, 0},
			"1 kernel ends after the end of the next one on its stream, by 470 µs"},
		{"ids of each name, no order of launches", []Record{run(7, 1, 0, 50), run(7, 101, 60, 90), run(7, 2, 100, 150), run(7, 102, 160, 190),
			run(7, 3, 400, 450), run(7, 103, 460, 490)}, []int64{50, 30, 50, 30, 50, 30}, ""},
		{"as late as another thread may be", []Record{run(7, 2, 60, 90), run(7, 1, 100, 130)}, []int64{30, 30}, ""},
		{"another stream", []Record{run(7, 1, 0, 900), run(8, 2, 10, 100)}, []int64{900, 90}, ""},
		{"of one replay", []Record{run(7, 1, 0, 900), run(7, 1, 10, 100), run(7, 1, 20, 90)}, []int64{900, 90, 70}, ""},
		{"of one replay against the next launch", []Record{run(7, 1, 0, 900), run(7, 1, 10, 100), run(7, 2, 150, 160)},
			[]int64{150, 90, 10}, "1 kernel"},
		{"launches not known", []Record{run(7, 0, 0, 900), run(7, 0, 10, 100)}, []int64{900, 90}, ""},
		{"one launch not known", []Record{run(7, 0, 0, 900), run(7, 2, 10, 100)}, []int64{900, 90}, ""},
		{"streams not known", []Record{run(-1, 1, 0, 900), run(-1, 2, 10, 100)}, []int64{900, 90}, ""},
	} {
		for _, device := range []int16{0, 3} {
			r := &Rank{Records: slices.Clone(c.list)}
			for i := range r.Records {
				r.Records[i].Device = device
			}
			slices.Reverse(r.Records)
			r.mendTimes(func() Host { return Host{Launches: map[uint32]int64{99: 1}} })
			if got := durations(r.Records); !slices.Equal(got, c.want) {
				t.Errorf("%s: durations %d, want %d", c.name, got, c.want)
			}
			checkSaid(t, c.name, r, c.said)
		}
	}
}

// TestOrderOfLaunches: ids that do not rise with time tell nothing against the times of launches, nor without any launch.
func TestOrderOfLaunches(t *testing.T) {
	one := []Record{run(7, 9, 0, 50), run(7, 1, 60, 90), run(7, 2, 500, 550), run(7, 3, 560, 590)}
	late := []Record{run(7, 2, 60, 90), run(7, 3, 100, 130), run(7, 1, 500, 560)}
	for _, c := range []struct {
		name     string
		list     []Record
		launches map[uint32]int64
		want     []int64
		said     string
	}{
		{"no launch, an id out of order", one, nil, []int64{50, 30, 50, 30}, ""},
		{"launched in the order of times", one, map[uint32]int64{9: 1, 1: 2, 2: 3, 3: 4}, []int64{50, 30, 50, 30}, ""},
		{"launched before those that end earlier", late, map[uint32]int64{1: 1, 2: 2, 3: 3}, []int64{30, 30, 0}, "by 470 µs"},
	} {
		r := &Rank{Records: slices.Clone(c.list)}
		r.mendTimes(func() Host { return Host{Launches: c.launches} })
		if got := durations(r.Records); !slices.Equal(got, c.want) {
			t.Errorf("%s: durations %d, want %d", c.name, got, c.want)
		}
		checkSaid(t, c.name, r, c.said)
	}
}

func checkSaid(t *testing.T, name string, r *Rank, want string) {
	t.Helper()
	if want == "" && len(r.Damage) > 0 || want != "" && (len(r.Damage) != 1 || !strings.Contains(r.Damage[0].String(), want)) {
		t.Errorf("%s: said %v, want %q", name, r.Damage, want)
	}
}

// TestOutsideTheTrace: what lies farther from everything than everything reaches is taken out, by its start or by its end.
func TestOutsideTheTrace(t *testing.T) {
	const hour = 3_600_000_000
	for _, c := range []struct {
		name   string
		damage func(list []Record)
		host   bool
		want   int // records left of 40
		said   string
	}{
		{"sound", func([]Record) {}, true, 40, ""},
		{"an end an hour later", func(l []Record) {
			l[39].Dur = hour * us
		}, true, 39, "1 kernel or copy lies outside what the trace can hold, by 3 600 s"},
		{"ends of two streams", func(l []Record) { l[38].Stream, l[38].Dur, l[39].Dur = 9, hour*us, hour*us }, true, 38,
			"2 kernels or copies lie outside what the trace can hold, the worst by 3 600 s"},
		{"a copy that never ends", func(l []Record) { l[20].Kind, l[20].Dur = KindMemcpy, hour*us }, true, 39, "outside what the trace can hold"},
		{"a start at the beginning of time", func(l []Record) {
			l[20].Start = -hour * us
		}, true, 39, "1 kernel or copy starts before its own launch, by 3 600 s"},
		{"the first, an hour before", func(l []Record) { l[0].Start, l[0].Corr = -hour*us, 0 }, true, 39, "outside what the trace can hold"},
		{"two, an hour later", func(l []Record) {
			l[38].Start += hour * us
			l[39].Start += hour * us
		}, true, 38, "2 kernels or copies lie outside"},
		{"the last kernel of a trace without a host", func(l []Record) { l[39].Dur = hour * us }, false, 40, ""},
		{"another of such a trace", func(l []Record) { l[38].Stream, l[38].Dur = 9, 2*hour*us }, false, 39, "outside what the trace can hold"},
		{"idle time of such a trace", func(l []Record) { l[0].Start = -hour * us / 2 }, false, 40, ""},
		{"a long last kernel", func(l []Record) { l[39].Dur = 3900 * us }, true, 40, ""},
	} {
		list, h := steady(40)
		c.damage(list)
		asked := false
		r := &Rank{Records: list}
		r.mendTimes(func() Host {
			if asked = true; c.host {
				return h
			}
			return Host{}
		})
		if len(r.Records) != c.want {
			t.Errorf("%s: %d records left, want %d", c.name, len(r.Records), c.want)
		}
		if c.name == "sound" && asked {
			t.Error("the host's events were read for a sound trace")
		}
		checkSaid(t, c.name, r, c.said)
	}
}

// TestIdleHostIsNoFault: long after the first kernel the others began, and the host was at work between them.
func TestIdleHostIsNoFault(t *testing.T) {
	list, h := steady(40)
	list[0].Start, h.First, h.Launches[1] = -60_000_000*us, -60_000_100*us, -60_000_020*us
	r := &Rank{Records: list}
	r.mendTimes(func() Host { return h })
	if len(r.Records) != 40 {
		t.Errorf("%d records left", len(r.Records))
	}
	checkSaid(t, "idle", r, "")
}

// TestBeforeItsLaunch: a kernel cannot start before it was launched, but for what two clocks differ by.
func TestBeforeItsLaunch(t *testing.T) {
	for _, c := range []struct {
		name  string
		early int64 // µs, before where it ran
		clock int64 // µs that all kernels are early
		want  int
		said  string
	}{
		{"before all others", 2500, 0, 39, "1 kernel or copy starts before its own launch, by 2.48 ms"},
		{"among those before it", 1500, 0, 39, "1 kernel or copy starts before its own launch, by 1.48 ms; lost: those, left out"},
		{"by less than a millisecond", 90, 0, 40, ""},
		{"as all do", 0, 5000, 40, ""},
	} {
		list, h := steady(40)
		moved := &list[20]
		if c.early > 2000 { // no kernel is passed
			moved = &list[0]
		}
		moved.Start -= c.early * us
		for i := range list {
			list[i].Start -= c.clock * us
		}
		r := &Rank{Records: list, JSON: 1000}
		r.mendTimes(func() Host { return h })
		if len(r.Records) != c.want || c.clock > 0 != (len(r.Info.Notes) > 0) {
			t.Errorf("%s: %d records left, want %d; notes %q", c.name, len(r.Records), c.want, r.Info.Notes)
		}
		checkSaid(t, c.name, r, c.said)
	}
}

// FuzzMendTimes: whatever the times are, what is left is in order, lasts no negative time, and what was taken is said.
func FuzzMendTimes(f *testing.F) {
	f.Add([]byte{7, 1, 0, 0, 50, 7, 2, 0, 60, 30}, true)
	f.Add([]byte{7, 1, 0, 0, 255, 7, 2, 3, 60, 30, 9, 3, 200, 1, 1}, false)
	f.Fuzz(func(t *testing.T, b []byte, known bool) {
		r, h := &Rank{JSON: int64(len(b) % 2)}, Host{}
		for ; len(b) >= 5; b = b[5:] {
			at := int64(b[2])*int64(b[2])*int64(b[2])*1e9 + int64(b[3])*1e5
			r.Records = append(r.Records, Record{Stream: int32(b[0]%4) - 1, Corr: uint32(b[1] % 32), Kind: Kind(b[0] >> 7), Start: at,
				Dur: 1 + int64(b[4])*int64(b[4])*1e5})
			h.Launches = map[uint32]int64{uint32(b[1] % 32): at}
		}
		if known {
			h.First, h.Last = 1e9, 2e9
		}
		mendBoth(t, &Rank{JSON: smallTrace, Records: slices.Clone(r.Records)}, h)
		before := len(r.Records)
		was := int64(0)
		for _, k := range r.Records {
			was += k.Dur
		}
		r.mendTimes(func() Host { return h })
		last := int64(0)
		for _, k := range r.Records {
			if k.Start < last || k.Dur < 0 {
				t.Fatalf("%+v after a start at %d", k, last)
			}
			last, was = k.Start, was-k.Dur
		}
		if (len(r.Records) < before || was > 0) != (len(r.Damage) > 0) {
			t.Fatalf("%d of %d records left, %d ns less; said %v", len(r.Records), before, was, r.Damage)
		}
	})
}
