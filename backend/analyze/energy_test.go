package analyze

import (
	"strings"
	"testing"

	"shardeck/backend/trace"
	"shardeck/model/metric"
)

// burnt is the timing of a rank whose GPU used so many joules in 4.1 s, of two iterations of 2 s and 100 output tokens.
func burnt(joules float64, each ...float64) trace.Timing {
	return trace.Timing{
		Untraced: trace.Times{Iterations: []float64{2, 2}, InputTokens: []float64{8, 8}, OutputTokens: []float64{100, 100}},
		Energy:   trace.Energy{Joules: joules, Seconds: 4.1, Iterations: each, Clocks: []float64{1400, 1410}},
	}
}

func TestEnergyIsThatOfAllGPUs(t *testing.T) {
	a := analyse(t, timed(layoutOf(2, 1, 1, 1), burnt(1000, 480, 500), burnt(1050, 500, 540)))
	near(t, "a token", value(t, a, "energy_j_per_token"), 2050/200., 9)
	near(t, "an iteration", value(t, a, "energy_per_iteration"), (980+1040)/2., 9)
	near(t, "power", value(t, a, "gpu_power"), 1025/4.1, 9)
	near(t, "power of rank 1", a.Metric("gpu_power").PerRank[1], 1050/4.1, 9)
	near(t, "clock", value(t, a, "gpu_clock"), 1405, 9)
	if m := a.Metric("energy_j_per_token"); m.N != 2 || len(m.Source) != 2 ||
		m.Note != "recorded token counts; within 2.44 %: the counter moves in steps of up to 100 ms" {
		t.Errorf("%+v", m)
	}
	near(t, "the least iteration", a.Metric("energy_per_iteration").By.Stats[metric.Min], 980, 9)
}

// Replicas have tokens of their own, and their GPUs' energy is the run's all the same.
func TestEnergyOfReplicas(t *testing.T) {
	a := analyse(t, timed(layoutOf(1, 1, 2, 1), burnt(1000, 500, 500), burnt(1000, 500, 500)))
	near(t, "a token", value(t, a, "energy_j_per_token"), 2000/400., 9)
}

func TestWhatLiesBetweenIterationsIsSaid(t *testing.T) {
	slow := burnt(1000)
	slow.Energy.Seconds = 5
	a := analyse(t, timed(layoutOf(1, 1, 1, 1), slow))
	if m := a.Metric("energy_j_per_token"); !strings.HasSuffix(m.Note, "; 20 % of the time lies between iterations") {
		t.Errorf("%+v", m)
	}
	if m := a.Metric("energy_per_iteration"); m.Value != nil || m.Reason != "the energy of single iterations is not recorded" {
		t.Errorf("%+v", m)
	}
}

func TestWithoutACounterThereIsNoEnergy(t *testing.T) {
	none := burnt(0)
	none.Energy = trace.Energy{Reason: "this GPU has no energy counter: Not Supported"}
	old := burnt(0)
	old.Energy = trace.Energy{}
	for want, times := range map[string][]trace.Timing{
		"timing_stats_1.json: this GPU has no energy counter: Not Supported":        {burnt(1000), none},
		"timing_stats_1.json: no energy in it: its runner read no counters of GPUs": {burnt(1000), old},
		"energy of 1 of 2 GPUs only: the timing of the others is missing":           {burnt(1000)},
		"no timing: there is no timing_stats_<rank>.json in this run":               {},
	} {
		a := analyse(t, timed(layoutOf(2, 1, 1, 1), times...))
		for _, name := range energyNames {
			if m := a.Metric(name); m.Value != nil || m.Reason != want {
				t.Errorf("%s: %+v, want %q", name, m, want)
			}
		}
	}
}
