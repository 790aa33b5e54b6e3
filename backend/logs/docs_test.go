package logs

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write docs/failures.md anew")

// handed are the cases from the field that the first form of a kind is, by their numbers.
var handed = map[string]string{
	"shm": "01", "gpu-held": "02", "quant-shape": "03", "gpu-lacks": "05", "alloc-segments": "06", "gpu-uuid": "07", "fork": "08",
	"gloo-interface": "09", "hang": "10", "weights-damaged": "11", "python-headers": "12", "compiler": "12", "user-site": "14",
	"gpu-broken": "15", "model-new": "19", "hub-limit": "21", "batch-tokens": "25", "layout": "26", "module-needs": "28",
}

// TestDocs: docs/failures.md lists the kinds, their cases and what is offered for them.
func TestDocs(t *testing.T) {
	n := map[string]int{}
	for _, f := range forms(t, "kinds.txtar") {
		n[f.kind]++
	}
	var b strings.Builder
	b.WriteString(`# Why a job failed: the kinds and their cases

What ` + "`shardeck why`" + ` knows, made from templates/failures.yaml and backend/logs/testdata/kinds.txtar (go test ./backend/logs -update).
Evidence is taken in this order: the engine's first exception on the first rank that fell; the runner's own sentence; srun's and
slurmstepd's; the container's; the kernel's; then the job's state and its exit code. Kinds marked *echo* befall the other ranks and
count only where nothing else is there. What no kind knows is shown with its exception, its rank and its place in the log, as "not
known", without advice.

forms: in how many ways of being printed the kind is tested, each also wrapped, interleaved, labelled, translated and cut.
case: the number of the field case that it was made for. keys: what a key offers to change in the config.

| kind | what is said | forms | case | keys | reports and sources |
|---|---|---|---|---|---|
`)
	row := func(c cause, forms string) {
		title := strings.ReplaceAll(c.Title, "{node}", "N")
		if c.Echo {
			title += " (*echo*)"
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", c.Kind, title, forms, cmp.Or(handed[c.Kind], "–"),
			cmp.Or(strings.Join(c.Edits, "; "), "–"), cmp.Or(c.Source, "–"))
	}
	for _, c := range known().Outside {
		row(c, "state")
	}
	row(known().Hang, "10")
	for _, c := range known().Failures {
		row(c, fmt.Sprint(n[c.Kind]))
	}
	const path = "../../docs/failures.md"
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, _ := os.ReadFile(path); string(got) != b.String() {
		t.Error("docs/failures.md is not of these tables: go test ./backend/logs -update")
	}
	for kind := range handed {
		if kind != "hang" && n[kind] == 0 {
			t.Errorf("there is no form of %s", kind)
		}
	}
}
