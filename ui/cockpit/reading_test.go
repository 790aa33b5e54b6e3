package cockpit

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"shardeck/model/metric"
	"shardeck/ui/panetest"
)

// Frames of what metrics and traces show a key or two deeper.
func TestReadingFrames(t *testing.T) {
	for _, size := range twoSizes {
		d := start(t, panetest.Open(t), size.w, size.h)
		d.Press("down", "enter", "c").Golden("columns-" + size.name)
		d.Press("esc", "enter", "tab").Golden("ranks-" + size.name)
		d.Press("esc", "t", "tab", "tab").Golden("skew-" + size.name)
		d.Press("d", "down", "enter").Golden("compare-" + size.name)
	}
}

func TestColumnsAreChosenAndFoundAgain(t *testing.T) {
	w := panetest.Open(t)
	d := start(t, w, 80, 24).Press("down", "enter").Expect("TTFT", "TPOT")
	d.Press("c").Expect(fmt.Sprintf("%[1]d of %[1]d metrics", len(metric.Definitions)), "space show or hide").Press("space", "esc").
		Absent("TTFT").Press("q")
	start(t, w, 80, 24).Press("4").Expect("TPOT").Absent("TTFT").Press("c", "0", "esc").Expect("TTFT")
}

func TestARunIsOpenedByRankPhaseAndType(t *testing.T) {
	d := start(t, panetest.Open(t), 80, 24).Press("down", "enter", "enter").Expect("▌metrics  ranks  phases  collectives")
	d.Press("tab").Expect("▌ranks", "10.91", "12.01").Press("tab").Expect("prefill", "decode").Press("tab").Expect("all_reduce", "68")
	d.Press("right", "d").Expect("unit:").Press("esc", "esc").Expect("llama-8b-tp1")
}

func TestChartIsWrittenAsItIsDrawn(t *testing.T) {
	w := panetest.Open(t)
	d := start(t, w, 80, 24).Press("5", "y", "y", "y", "y", "C").Expect("written: experiments/chart_speed-up_gpus.csv")
	d.Press("l", "P").Expect("written: experiments/chart_speed-up_gpus.png")
	if csv := w.Read("experiments/chart_speed-up_gpus.csv"); !strings.Contains(csv, "llama-8b-tp2,TP2,2,1.317") {
		t.Errorf("wrote %s", csv)
	}
	w.Reopen(panetest.ReadOnly)
	d = start(t, w, 80, 24).Press("5", "C")
	d.Press("C").Expect("read-only: start shardeck without --read-only")
}

func TestWhoIsLateAndWhen(t *testing.T) {
	d := start(t, panetest.Open(t), 80, 24).Press("down", "t", "tab", "tab").Expect("▌skew", "rank 0 was last to all_reduce 57, by 1.00 ms")
	d.Press("/").Type("rank:1").Press("enter").Expect("16 of 67 match rank:1", "rank 1 was last to all_reduce 49")
	late := "all_reduce 49 of ≈32 KiB: rank 1 was last, 500 µs after rank 0" // said of the kernels, which are read for it
	d.Press("enter").Expect("▸ rank 1", late, "decode 12").Press("esc", "esc").Absent(late)
}

func TestTwoRunsSideBySide(t *testing.T) {
	d := start(t, panetest.Open(t), 80, 24).Press("down", "t", "d").Expect("compare llama-8b-tp2 with", "↵ compare")
	d.Press("down", "enter").Expect("deepseek-v2-lite-ep2 → llama-8b-tp2", "▌window", "-154.63")
	d.Press("tab", "tab").Expect("▌kernels", "flash_fwd", "-52.4").Press("x")
	d.Expect("llama-8b-tp2 → deepseek-v2-lite-ep2", "+110.1").Press("esc").Expect("▌kernels")
	d.Press("4", "6").Expect("Traces · llama-8b-tp2 · window")
}

// Whatever is pressed in metrics, charts and traces, every frame is exact (the driver
// checks each) and nothing panics.
func TestMonkeyReads(t *testing.T) {
	keys := []string{"4", "5", "6", "up", "down", "left", "right", "enter", "esc", "tab", "shift+tab", "space", "/", "b", "c", "d",
		"o", "x", "y", "g", "l", "i",
		"C", "+", "-", "[", "]", "<", ">", "0", "n", "N", "t", "m", "a", "r", "pgdown", "end", "home", "backspace", "h"}
	for seed := range monkeys(3) {
		random := rand.New(rand.NewPCG(seed, 11))
		d := start(t, panetest.Open(t), 80, 24).Press("down", "t")
		for range 700 {
			if random.IntN(40) == 0 {
				d.Resize(60+random.IntN(140), 18+random.IntN(42))
			}
			d.Press(keys[random.IntN(len(keys))])
		}
	}
}

// From a chart that scales badly to the reason: one key.
func TestFromTheChartToTheReason(t *testing.T) {
	start(t, panetest.Open(t), 80, 24).Press("5", "home", "w").Expect("is what the others of its line are compared with").
		Press("down", "w").Expect("llama-8b-tp1 → llama-8b-tp2", "ideal ", "of ideal in the traces:").
		Press("esc").Expect("Traces · llama-8b-tp2 · window", "▌kernels")
}
