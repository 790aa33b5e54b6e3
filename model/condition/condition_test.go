package condition

import (
	"strings"
	"testing"
)

var point = Values{"tp": 4, "pp": 2, "parallelism.tp": 4, "engine": "vllm", "ttft_p99": 180.5, "kineto": true, "order": 1}

func TestHolds(t *testing.T) {
	for text, want := range map[string]bool{
		"tp * pp <= 4":                           false,
		"tp*pp <= 8 and pp > 1":                  true,
		"tp == 1 or not (pp == 1)":               true,
		"parallelism.tp == 4":                    true,
		`engine == "vllm" && kineto`:             true,
		`engine != "torch or vllm"`:              true,
		"ttft_p99 <= 200":                        true,
		"tp / 8 == 0.5":                          true,
		"tp % 3 == 1":                            true,
		"-tp < 0":                                true,
		"order == 1 and true":                    true,
		"tp >= 4 and pp == 2 or engine == \"x\"": true,
	} {
		c, err := Parse(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got, err := c.Holds(point); err != nil || got != want {
			t.Errorf("%s is %v, %v; want %v", text, got, err, want)
		}
	}
}

func TestNames(t *testing.T) {
	c, err := Parse("parallelism.tp * pp <= 4 and pp > order")
	if got := strings.Join(c.Names(), " "); err != nil || got != "parallelism.tp pp order" {
		t.Errorf("names %q, %v", got, err)
	}
}

func TestFaults(t *testing.T) {
	for text, want := range map[string]string{
		"":                  "is no condition",
		"tp <":              "is no condition",
		"tp = 4":            "write ==",
		"tp":                "compares nothing",
		"ttft_p9 > 1":       `nothing is called "ttft_p9"; did you mean ttft_p99?`,
		"tp / 0 > 1":        "divides by zero",
		"tp % (pp - 2) > 1": "divides by zero",
		`tp > "a"`:          "does not go between",
		"tp and pp":         "does not go between",
		"tp.x(3) > 1":       "operators only",
		"f(tp)":             "operators only",
		"tp << 2 > 1":       "does not go between",
		"not tp":            "does not go with",
		"tp % 1.5 == 1":     "does not go between",
	} {
		c, err := Parse(text)
		if err == nil {
			_, err = c.Holds(point)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want %q", text, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"tp * pp <= 4", `engine == "vllm" and kineto`, "1/0 > tp", "(((", "1e999999 > tp",
		"tp << 4000000000 > 1", "func(){}()"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if c, err := Parse(text); err == nil {
			_, _ = c.Holds(point)
		}
	})
}
