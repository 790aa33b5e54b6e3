package kineto

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"

	"shardeck/backend/trace/jsonscan"
)

// TestShortNeverReadsPastTheEnd gives every beginning of an event to every reader of
// events: each must ask for more.
func TestShortNeverReadsPastTheEnd(t *testing.T) {
	text := kernelEvent("gemm {lambda}", 3)[2:]
	s := newScanner()
	if _, st := s.event([]byte(text), 0, 0); st != whole || len(s.layouts.list) != 1 {
		t.Fatalf("%v, %d layouts learned", st, len(s.layouts.list))
	}
	for n := range text {
		if n == 0 {
			continue
		}
		if _, st := s.event([]byte(text)[:n:n], 0, 0); st != short {
			t.Fatalf("the first %d bytes are %v", n, st)
		}
	}
	if len(s.records) != 1 {
		t.Errorf("%d records from beginnings", len(s.records)-1)
	}
}

// TestTimesAgreeWithExactArithmetic holds the times that a layout reads against rational numbers.
func TestTimesAgreeWithExactArithmetic(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for range 20_000 {
		text := strconv.FormatInt(rng.Int64N(int64(1)<<rng.IntN(50)), 10)
		if digits := rng.IntN(7); digits > 0 {
			text += fmt.Sprintf(".%0*d", digits, rng.IntN(10))
		}
		if rng.IntN(8) == 0 {
			text += fmt.Sprintf("e%d", rng.IntN(3)-6)
		}
		want := refInt(json.RawMessage(text), 0, 1000)
		var e event
		b := []byte(text + ",")
		end, ok := formNumber.end(b, 0)
		if !ok || end != len(text) || !e.take(b, numDur, jsonscan.SpanOf(0, end)) || e.num[numDur].v != want {
			t.Fatalf("%s = %d to %d, %v; want %d", text, e.num[numDur].v, end, ok, want)
		}
	}
}

// Profilers of before 2022 wrote their steps among the operators.
func TestStepsAmongOperators(t *testing.T) {
	rank := scanText(t, []byte(wholeDocument(
		`{"ph": "X", "cat": "Operator", "name": "aten::mm", "pid": 1, "tid": "1", "ts": 1, "dur": 2, "args": {"External id": 2}}`,
		`{"ph": "X", "cat": "Operator", "name": "ProfilerStep#1", "pid": 1, "tid": "1", "ts": 1, "dur": 4, "args": {"External id": 1}}`)), blockSize)
	if m := rank.Marks; len(m) != 1 || m[0].Name != "ProfilerStep#1" || m[0].Dur != 4000 || m[0].GPU {
		t.Errorf("%+v", m)
	}
}
