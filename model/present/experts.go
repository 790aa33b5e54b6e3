package present

import (
	"fmt"

	"shardeck/model"
	"shardeck/model/experts"
	"shardeck/model/present/unit"
	"shardeck/model/xray"
)

// Experts says how evenly the experts of a run work in a phase, what that costs a step and what another placement could gain;
// nothing where the run did not count them.
func Experts(r *xray.Report, phase string) (out []string) {
	b := model.First(r.Experts, func(b experts.Balance) bool { return b.Phase == phase })
	if b == nil {
		return nil
	}
	even := fmt.Sprintf("experts of a %s step: the fullest rank has %s × the mean load", phase, unit.Number(b.Imbalance, 2))
	if b.Fullest != experts.NoRank {
		even += fmt.Sprintf("; rank %d is fullest most often, and rank %d waits", b.Fullest, b.Waits)
	}
	out = append(out, even+fmt.Sprintf(" · %s experts of a layer are touched", unit.Number(b.Touched, 1)))
	if ms := r.ExpertsMS(b.Fullest, phase); ms > 0 {
		out = append(out, fmt.Sprintf("imbalance costs the step at most %s ms, of which another placement could gain at most %s",
			unit.Significant(b.Tax(ms)), unit.Significant(b.Gain(ms))))
	}
	if b.Random {
		out = append(out, "weights are random: this is the balance of a random router, not of the model")
	}
	return out
}
