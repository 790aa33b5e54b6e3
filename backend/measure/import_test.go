package measure

import (
	"regexp"
	"strings"
	"testing"
)

// Every row of templates/upstream.yaml is whole and finds its example, in its own file alone, unless what mends it is there too.
func TestKnownFaults(t *testing.T) {
	seen := map[string]bool{}
	for _, k := range knownFaults().Faults {
		path := "x/" + strings.Replace(k.File, ".sh", "run_with_nsys.sh", 1)
		if k.Code == "" || k.Fault == "" || seen[k.Code] || !k.in(path, "a\n"+k.Example+"\nb") || k.in("x/other.txt", k.Example) ||
			k.in(path, "a\nb") {
			t.Errorf("%s: %q is not found where it is, or where it is not", k.Code, k.Example)
		}
		if mended := strings.Split(k.Lacks, "|")[0]; mended != "" &&
			k.in(path, k.Example+" "+regexp.MustCompile(`\\`).ReplaceAllString(mended, "")) {
			t.Errorf("%s: found though %s is there", k.Code, mended)
		}
		seen[k.Code] = true
	}
}
