package submission

import (
	"shardeck/backend/jobs"
	"shardeck/model/present"
	"shardeck/model/present/unit"
	"shardeck/ui/pane"
	"shardeck/ui/widget"
)

// several is the question about more than one job: what they cost together before all else,
// then a line each, then what was found, each thing once.
func several(all []jobs.Preview, starts []string) []string {
	total, ids, results := 0.0, 0, 0
	for _, v := range all {
		if present.KeptResult(v.KeptAs) != "" {
			results++
		}
		ids = max(ids, widget.Width(v.Row.Experiment.ID))
		if v.Row.Verdict.Price != nil {
			total += v.Row.Verdict.Price.NodeHours
		}
	}
	body := []string{"none of them is charged to an account", ""} // what is no machine's allocation has no price
	if total > 0 {
		body[0] = "together at most " + present.NodeHours(total)
	}
	if results > 0 {
		body[1] = unit.Plural(results, "earlier result") + " will be kept, as NAME@JOB, once the new ones are whole"
		body = append(body, "")
	}
	for i, v := range all {
		body = append(body, widget.Fit(v.Row.Experiment.ID, ids)+"  "+briefly(v, starts[i]))
	}
	if found := findings(all, ""); len(found) > 0 {
		body = append(append(body, ""), found...)
	}
	return body
}

// briefly is a job in one line.
func briefly(v jobs.Preview, start string) string {
	r := v.Row
	parts := []string{r.Experiment.Layout.Short(), unit.Plural(r.Verdict.Placement.Nodes, "node")}
	if q := r.Verdict.Placement.QOS; q != "" && q != "auto" {
		parts[1] += ", " + q
	}
	parts = append(parts, present.Cost(r.Verdict.Price))
	if r.Job != nil && r.Job.State.Active() {
		start = "job " + r.Job.ID + " of it is " + r.Job.State.Words() + " already"
	}
	return pane.Joined(200, append(parts, start)...)
}
