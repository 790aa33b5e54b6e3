package measure

import (
	"runtime/debug"
	"testing"
)

// percent is the collector's setting now.
func percent() int {
	p := debug.SetGCPercent(100)
	debug.SetGCPercent(p)
	return p
}

func TestHeapIsKeptSmallOnlyWhileRunsAreRead(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(100))
	first, second := keepHeapSmall(), keepHeapSmall()
	if percent() != smallHeapPercent {
		t.Errorf("%d %% while two runs are read", percent())
	}
	first()
	if percent() != smallHeapPercent {
		t.Errorf("%d %% while one run is read", percent())
	}
	second()
	if percent() != 100 {
		t.Errorf("%d %% afterwards", percent())
	}
	for _, own := range []int{5, -1} {
		debug.SetGCPercent(own)
		done := keepHeapSmall()
		if percent() != own {
			t.Errorf("%d %% where somebody set %d", percent(), own)
		}
		done()
		if percent() != own {
			t.Errorf("%d %% afterwards, where somebody set %d", percent(), own)
		}
	}
}
