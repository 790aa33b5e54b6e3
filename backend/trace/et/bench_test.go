package et

import (
	"context"
	"strings"
	"testing"
)

// BenchmarkOpen reads a trace made of many small operators, as eager PyTorch writes it.
func BenchmarkOpen(b *testing.B) {
	op := chakra("aten::as_strided", 7, 4, 9,
		`{"values": [[1, 2, 0, 4096, 2, "cuda:0"], [64, 64], [64, 1]], "shapes": [[64, 64], [[], []]], "types": ["Tensor(c10::BFloat16)"]}`, "", "")
	text := document("1.1.1-chakra.0.0.4", strings.Split(strings.Repeat(op+"\x00", 10_000), "\x00")[:10_000]...)
	path := write(b, "torch_et_0.json", text)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Open(context.Background(), path, nil); err != nil {
			b.Fatal(err)
		}
	}
}

// TestHopeless: a file in which every brace could begin a node that never ends takes
// a moment, not an hour.
func TestHopeless(t *testing.T) {
	tr := read(t, document("1.0.1", strings.Repeat(`{"id":`, 200_000)))
	if len(tr.Damage) == 0 {
		t.Error("no damage")
	}
}
