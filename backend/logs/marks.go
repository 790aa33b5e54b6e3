package logs

import (
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"

	"shardeck/model/progress"
)

// Marks are the stages and iterations that a runner told, with its times. An engine's own words are none: they have no order.
func Marks(lines []string) (all []progress.Mark) {
	for _, line := range lines {
		i := strings.Index(line, ownLine)
		if i < 0 {
			continue
		}
		p, ok := runnerStage(line)
		if !ok {
			continue
		}
		m := progress.Mark{Stage: p.Stage, Done: p.Done, Total: p.Total}
		if at := ownTime.FindStringSubmatch(strings.TrimSpace(line[i:])); at != nil && at[1] != "" {
			m.At, _ = time.Parse("01-02 15:04:05", at[1])
		}
		if n := len(all); n == 0 || stageOrder(m.Stage) >= stageOrder(all[n-1].Stage) { // a rank that is late tells what is over
			all = append(all, m)
		}
	}
	return all
}

// Clock is a time as a runner writes it on this machine.
func Clock(t time.Time) time.Time {
	t, _ = time.Parse("01-02 15:04:05", t.Local().Format("01-02 15:04:05"))
	return t
}

// rate is an expression of templates/stages.yaml and which tokens it tells.
type rate struct {
	pattern *regexp.Regexp
	of      string
}

var rates = sync.OnceValue(func() (all []rate) {
	for _, r := range signs().Rates {
		all = append(all, rate{regexp.MustCompile(r.Shows), r.Of})
	}
	return all
})

// Rate is the tokens a second that the engine told last, with what it says they are of; false: it tells none.
func Rate(lines []string) (perSecond float64, of string, ok bool) {
	for i := len(lines) - 1; i >= 0; i-- {
		if !strings.Contains(lines[i], "toks/s") && !strings.Contains(lines[i], "tokens/s") {
			continue
		}
		for _, r := range rates() {
			if m := r.pattern.FindStringSubmatch(lines[i]); m != nil {
				v, err := strconv.ParseFloat(m[1], 64)
				return v, r.of, err == nil
			}
		}
	}
	return 0, "", false
}
