package logs

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// mutation is what programs, terminals and schedulers do to a log. It is given the form's lines too, first and behind the last.
type mutation struct {
	name string
	of   func(r *rand.Rand, lines []string, first, end int) []string
}

func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

func each(lines []string, of func(i int, line string) string) []string {
	out := slices.Clone(lines)
	for i := range out {
		out[i] = of(i, out[i])
	}
	return out
}

var mutations = []mutation{
	{"colours", func(r *rand.Rand, lines []string, _, _ int) []string {
		escape := pick(r, "\x1b", "")
		return each(lines, func(_ int, l string) string {
			if end := strings.LastIndex(l, "pid="); strings.HasPrefix(l, "(") && end > 0 {
				end += strings.Index(l[end:], ")") + 1
				return escape + "[1;36m" + l[:end] + escape + "[0;0m" + l[end:]
			}
			return escape + "[31m" + l + escape + "[0m"
		})
	}},
	{"lines wrapped", func(r *rand.Rand, lines []string, _, _ int) []string {
		width := 60 + r.IntN(90)
		var out []string
		for _, l := range lines {
			for len([]rune(l)) > width {
				out = append(out, string([]rune(l)[:width]))
				l = string([]rune(l)[width:])
			}
			out = append(out, l)
		}
		return out
	}},
	{"times before the lines", func(r *rand.Rand, lines []string, _, _ int) []string {
		how := pick(r, "2026-11-20T10:%02d:%02d.114Z ", "[2026-11-20 10:%02d:%02d,114] ", "Nov 20 10:%02d:%02d ", "2026-11-20 10:%02d:%02d - ")
		if strings.HasPrefix(how, "2026-11-20T") {
			how = strings.TrimSuffix(how, " ") + " | "
		}
		return each(lines, func(i int, l string) string { return fmt.Sprintf(how, 22+i/60, i%60) + l })
	}},
	{"a label of each task", func(r *rand.Rand, lines []string, _, _ int) []string {
		label := pick(r, "0: ", " 3: ", "[1,0]<stderr>:", "[default2]:", "nid001000: ")
		return each(lines, func(_ int, l string) string { return strings.TrimLeft(label, " ") + l })
	}},
	{"a rank before the lines", func(r *rand.Rand, lines []string, first, end int) []string {
		label := pick(r, "[rank3]: ", "(RayWorkerWrapper pid=5486, ip=10.99.48.129) ", "(Worker_DP0_TP1_EP1 pid=83161) ",
			"(VllmWorker rank=2 pid=83162) ", "(EngineCore_DP0 pid=83121) (Worker_TP1 pid=83161) ")
		return each(lines, func(i int, l string) string {
			if i < first || i >= end || strings.HasPrefix(l, "shardeck: ") || strings.HasPrefix(l, "srun: ") ||
				strings.HasPrefix(l, "slurmstepd: ") || l == "" {
				return l
			}
			return label + l
		})
	}},
	{"others' lines between", func(r *rand.Rand, lines []string, _, _ int) []string {
		others := []string{
			"(EngineCore_DP0 pid=83121) (Worker_TP7 pid=83167) INFO 11-20 10:22:58 [gpu_model_runner.py:2602] Starting to load " +
				"model meta-llama/Llama-3.1-70B...",
			`(EngineCore_DP0 pid=83121) (Worker_TP7 pid=83167) ERROR 11-20 10:33:30 [multiproc_executor.py:597]   File "/env/lib/python3.12/site-packages/vllm/v1/worker/worker_base.py", line 259, in init_device`,
			"nid001001:90001:90077 [3] NCCL INFO Channel 00/0 : 3[3] -> 0[0] via P2P/CUMEM",
			"Loading safetensors checkpoint shards:   6% Completed | 1/17 [00:01<00:21,  1.33s/it]",
			"(EngineCore_DP0 pid=83121) (Worker_TP7 pid=83167) ERROR 11-20 10:33:30 [multiproc_executor.py:597] WorkerProc failed to start.",
			"(EngineCore_DP0 pid=83121) (Worker_TP6 pid=83166) WARNING 11-20 10:22:58 [utils.py:12] retrying",
		}
		var out []string
		for i, l := range lines {
			out = append(out, l)
			if i > 4 && r.IntN(2) == 0 {
				out = append(out, pick(r, others...))
			}
		}
		return out
	}},
	{"another language", func(r *rand.Rand, lines []string, _, _ int) []string {
		which := r.IntN(9)
		return each(lines, func(_ int, l string) string {
			for english, others := range told().Languages {
				if strings.Contains(l, english) && which < len(others) {
					l = strings.ReplaceAll(l, english, others[which])
				}
			}
			return l
		})
	}},
	{"ends cut", func(r *rand.Rand, lines []string, first, end int) []string {
		lines = slices.Clone(lines[r.IntN(first+1) : end+r.IntN(len(lines)-end+1)])
		if last := len(lines) - 1; r.IntN(3) == 0 && last > 0 {
			l := []rune(lines[last])
			lines[last] = string(l[:len(l)-len(l)/4])
		}
		return lines
	}},
}

// TestMutations: whatever becomes of a log on its way, its cause is found in at least 95 of 100 logs, and what is not found
// is said to be not known: none gets another's advice.
func TestMutations(t *testing.T) {
	right, all := 0, 0
	lost, titled := map[string]int{}, map[string]string{}
	for _, c := range known().Failures {
		titled[c.Kind] = c.Title
	}
	for round := range 2 {
		for n, f := range forms(t, "kinds.txtar") {
			r := rand.New(rand.NewPCG(uint64(round), uint64(n)))
			lines, names := inJob(f.lines), []string{}
			chosen := r.Perm(len(mutations))[:1+r.IntN(3)]
			slices.Sort(chosen)
			slices.Reverse(chosen) // cut first, while it is known where the form is
			for i, m := range chosen {
				first, end := len(before), len(before)+len(f.lines)
				if i > 0 && chosen[0] == len(mutations)-1 || i > 0 && len(lines) != len(before)+len(f.lines)+len(after) {
					first, end = 0, len(lines) // lines were cut or added: all of them are the form's
				}
				if mutations[m].name == "a rank before the lines" && i > 0 && end == len(lines) {
					continue
				}
				lines = mutations[m].of(r, lines, first, end)
				names = append(names, mutations[m].name)
			}
			got := causeOf(t, lines, failed9)
			all++
			switch {
			case got.Kind == f.kind:
				right++
			case len(got.Fixes) > 0 && got.Title != titled[f.kind]:
				t.Errorf("%s by %q: wrong advice, that of %s, by %q", f, names, got.Kind, got.Line)
				fallthrough
			default:
				for _, name := range names {
					lost[name]++
				}
				if testing.Verbose() {
					t.Logf("%s by %q: %q %s by %q", f, names, got.Kind, got.Title, got.Line)
				}
			}
		}
	}
	if right*100 < 95*all || all < 200 {
		t.Errorf("%d of %d right; lost by %v", right, all, lost)
	}
	t.Logf("%d of %d right; lost by %v", right, all, lost)
}
