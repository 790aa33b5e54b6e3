package replay

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"shardeck/model"
)

// finish writes run.json, and after a stop the timing that had been measured by then.
func (p *player) finish(played error) error {
	p.info.End = time.Now().UTC().Truncate(time.Millisecond)
	p.info.ExitCode = ExitCode(played)
	p.info.Status, p.info.Cause = model.RunComplete, ""
	if played != nil {
		p.noteStop(played)
		if err := p.writeMeasured(); err != nil {
			return err
		}
		fmt.Fprintln(p.out, "shardeck:", p.info.Cause)
	} else {
		if p.rec.Forecast != nil {
			fmt.Fprintln(p.out, "shardeck: what was played is a forecast: neither measured nor recorded")
		}
		if p.info.Shared == nil {
			fmt.Fprintln(p.out, model.StageDone.Line())
		}
	}
	return p.writeInfo()
}

func (p *player) noteStop(played error) {
	p.info.Status, p.info.Cause = model.RunPartial, played.Error()
	if p.serving > 0 {
		p.info.Status, p.info.Serving = model.RunFailed, nil
		p.info.Missing = append(p.info.Missing, "serving: the load was not over")
		return
	}
	if p.info.Timed == 0 {
		p.info.Status = model.RunFailed
	}
	if all := len(p.timing.Timed); p.info.Timed < all {
		p.info.Missing = append(p.info.Missing, fmt.Sprintf("timing: %d of %d iterations were done", p.info.Timed, all))
	}
	if !p.rec.traced {
		return // as is said already
	}
	p.info.Missing = append(p.info.Missing,
		fmt.Sprintf("traces: none written, %d of %d traced iterations were done", p.traced, len(p.timing.Traced)))
}

func (p *player) writeMeasured() error {
	names, err := filepath.Glob(filepath.Join(p.dir, "kineto_trace_*"))
	for _, n := range names {
		os.Remove(n)
	}
	if err != nil || p.info.Timed == 0 {
		return err
	}
	return p.rec.cutTimings(p.info.Timed, p.dir)
}

func (p *player) writeInfo() error { return writeJSON(filepath.Join(p.dir, "run.json"), p.info) }
