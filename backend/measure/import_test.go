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

// What no trace tells counts as not known: a default would divide the calls of an imported run by iterations that nobody said.
func TestConfigTextSaysNoIterations(t *testing.T) {
	if text := string(configText("a", "d", "x", "torch", "name: ", "tp: }", "batch_size: ")); !strings.Contains(text, "\nprofile_iterations:\n") {
		t.Errorf("the config of an import leaves the traced iterations to the default:\n%s", text)
	}
}
