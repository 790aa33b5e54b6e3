package trace

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestDamageCounter(t *testing.T) {
	c := CountDamage([]Fault{{"egg is bad", "eggs are bad", "breakfast"}, {"cup", "cups", "tea"}})
	c.Once(-1, "the table is gone", "")
	c.Count(1, 70)
	for i := range 1234 {
		c.Count(0, int64(40+i))
	}
	want := []Damage{{40, "1 234 eggs are bad", "breakfast"}, {70, "1 cup", "tea"}, {-1, "the table is gone", ""}}
	if d := cmp.Diff(want, c.Damage()); d != "" || c.Total != 1235 {
		t.Errorf("%d in all (-want +got):\n%s", c.Total, d)
	}
	if s := c.Damage()[0].String(); s != "1 234 eggs are bad, at byte 40; lost: breakfast" {
		t.Error(s)
	}
}

func TestNames(t *testing.T) {
	n := NewNames()
	for i, val := range []string{`"gemm"`, `"a\u003cb"`, `"a<b"`, `"gemm"`} {
		if id := n.JSON([]byte(val)); id != []uint32{0, 1, 1, 0}[i] {
			t.Errorf("%s is number %d", val, id)
		}
		if _, ok := n.KnownJSON([]byte(val)); !ok {
			t.Errorf("%s is not known", val)
		}
	}
	if id := n.ID("gemm"); id != 0 || !cmp.Equal(n.List, []string{"gemm", "a<b"}) {
		t.Errorf("gemm is number %d of %q", id, n.List)
	}
}

func TestRankList(t *testing.T) {
	for text, want := range map[string][]int{
		`[0, 1]`: {0, 1}, `"[2,3]"`: {2, 3}, `[]`: nil, ``: nil, `"[0, 1, ...]"`: nil, `[0, -1]`: nil, `["0", 1`: nil, `7`: nil,
	} {
		if got := RankList([]byte(text)); !cmp.Equal(got, want) {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
	}
	if got := RankList([]byte("[" + strings.Repeat("1,", maxRanks) + "1]")); got != nil {
		t.Errorf("%d ranks of a damaged list", len(got))
	}
}
