package logs

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"shardeck/model"
)

// pulse is when a log last told of something that moved, and how long it was quiet before that.
type pulse struct {
	line    int           // index of the last line that tells of a move; -1: none does
	since   time.Time     // of that line, by the log's clock; zero: not known
	quiet   time.Duration // from then to the log's last time
	longest time.Duration // quiet between two moves before
	waits   int           // minutes for which the engine said after it that it waits
	stage   model.Stage
}

// feel goes through a log for what moves. Lines that are said while nothing moves are none, nor is what the end brought.
func feel(log []heard) pulse {
	p := pulse{line: -1}
	var last time.Time
	over := false
	for i, h := range log {
		s := Stage([]string{h.text}).Stage
		late := s != "" && stageOrder(s) < stageOrder(p.stage) // said behind what it is of: it moves nothing
		if s != "" && !late {
			p.stage = s
		}
		if h.stamped {
			last = h.at
		}
		over = over || slices.ContainsFunc(told().Aftermath, h.shows)
		if over || late || strings.TrimSpace(h.text) == "" {
			continue
		}
		if slices.ContainsFunc(told().Standing, h.shows) {
			if slices.ContainsFunc(told().Waiting, h.shows) {
				if p.waits++; p.waits == 1 && h.stamped && p.line >= 0 && !log[p.line].stamped {
					p.since = h.at.Add(-time.Minute) // a move without a time of its own
				}
			}
			continue
		}
		if h.stamped && !p.since.IsZero() {
			p.longest = max(p.longest, h.at.Sub(p.since))
		}
		p.line, p.waits = i, 0
		if h.stamped {
			p.since = h.at
		}
	}
	if p.line >= 0 && !p.since.IsZero() {
		p.quiet = max(last.Sub(p.since), 0)
	}
	return p
}

// Hung tells of a job that runs, or ended at its limit, what moved last where nothing has moved for longer than it was ever
// quiet before and than its stage may be, or where the engine said again and again that it waits for a worker. silent is how
// long the log was not written to, 0 if that is not known.
func Hung(lines []string, job model.Job, silent time.Duration) (Finding, bool) {
	stands := func(l string) bool { return slices.ContainsFunc(told().Standing, heard{flat: squeeze(l)}.shows) }
	if silent < 15*time.Minute && !slices.ContainsFunc(lines[max(len(lines)-around, 0):], stands) {
		return Finding{}, false // it moves, as most do: the rest need not be read
	}
	log := listen(lines)
	p := feel(log)
	if p.line < 0 {
		return Finding{}, false
	}
	limits, enough := signs().Quiet[cmp.Or(string(p.stage), "other")], 3
	if !job.State.Active() {
		enough = 2 // and so to its end
	}
	if job.Elapsed > 0 && p.quiet > job.Elapsed { // of two clocks
		p.quiet = 0
	}
	longest := max(p.longest, time.Duration(limits.Minutes)*time.Minute)
	if (limits.Slow || p.waits < enough) && max(p.quiet, silent, time.Duration(p.waits)*time.Minute) <= longest {
		return Finding{}, false
	}
	f := known().Hang.finding(lines, p.line, job)
	if !p.since.IsZero() {
		f.Title += " since " + p.since.Format("15:04")
	}
	f.Title += ": nothing moved after “" + shortened(strings.TrimPrefix(log[p.line].text, ownLine)) + "”"
	if p.waits > 0 {
		f.Title += fmt.Sprintf(", and the engine said %d times that it waits for a worker", p.waits)
	}
	fill := strings.NewReplacer("JOB", job.ID)
	if strings.HasPrefix(job.ID, "L") { // a local job has no step
		fill = strings.NewReplacer("srun --jobid JOB --overlap --ntasks-per-node=1 bash -c 'for", "for", "done'", "done")
	}
	f.Fixes = model.Each(f.Fixes, fill.Replace)
	return f, true
}

// atLimit tells of a job that its time limit ended whether it hung, else how far it came and how much was missing.
func atLimit(f Finding, lines []string, log []heard, job model.Job) Finding {
	if h, ok := Hung(lines, job, 0); ok {
		return h
	}
	at := Stage(lines)
	if at.Total == 0 || at.Done == at.Total || at.Done == 0 || stageOrder(at.Stage) < stageOrder(model.StageWarmup) {
		if at.Stage != "" {
			f.Title += ", at stage " + string(at.Stage)
		}
		return f
	}
	f.Title += fmt.Sprintf(": %d of %d %s iterations were done", at.Done, at.Total, at.Stage)
	each, about := iterationTime(log, at, job)
	if more := time.Duration(at.Total-at.Done) * each; more > 0 {
		f.Title += fmt.Sprintf("; %s %s more were needed for the rest of them", about, model.DurationWords(more.Round(time.Second)))
		minutes := 5 * (int(more.Minutes()*1.25)/5 + 1)
		f.Fixes[0] = fmt.Sprintf("raise slurm.time by %d min or more (debug allows 30 min, regular 48 h)", minutes)
		f.Edits[0] = fmt.Sprintf("slurm.time +%dm", minutes)
	}
	return f
}

// iterationTime is what an iteration of a stage took by the log's clock; where that tells nothing, what it can have taken at
// most by the job's own, all of whose time went into those that were done.
func iterationTime(log []heard, at Progress, job model.Job) (each time.Duration, about string) {
	var times []time.Time
	for _, h := range log {
		if p, own := runnerStage(h.text); own && p.Stage == at.Stage && p.Total > 0 && h.stamped {
			times = append(times, h.at)
		}
	}
	if n := len(times) - 1; n > 0 && times[n].After(times[0]) {
		return times[n].Sub(times[0]) / time.Duration(n), "about"
	}
	return job.Elapsed / time.Duration(at.Done), "at most"
}
