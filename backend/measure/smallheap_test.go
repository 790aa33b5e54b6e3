package measure

import (
	"fmt"
	"os"
	"runtime/debug"
	"strings"
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

// resident is how many kB of a kind ("RssFile") this process has in memory.
func resident(t *testing.T, kind string) (kb int) {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Skip("no /proc here: ", err)
	}
	_, after, _ := strings.Cut(string(status), kind+":")
	if _, err := fmt.Sscan(after, &kb); err != nil {
		t.Skip("the system does not count memory by kinds: ", err)
	}
	return kb
}

// TestStartIsGivenBack: while runs are read, what the program's start touched of it is no memory, and the ballast is none.
func TestStartIsGivenBack(t *testing.T) {
	file, own := resident(t, "RssFile"), resident(t, "RssAnon")
	defer keepHeapSmall()()
	if left := resident(t, "RssFile"); left >= file {
		t.Errorf("%d kB of the program in memory, of %d before", left, file)
	}
	if now := resident(t, "RssAnon"); now > own+ballast>>11 {
		t.Errorf("%d kB of its own in memory, %d before: the ballast was written to", now, own)
	}
}
