package analyze

import "testing"

// A pipeline of three whose middle kernels carry no metadata: each recv meets its
// neighbour's send.
func TestPipelineOfThree(t *testing.T) {
	s0, s1, s2 := newFake(0), newFake(1), newFake(2)
	for k := range int64(6) {
		at := 1000 * k
		s0.Run(gemm, at, at+100).Run(srKernel, at+100, at+120)
		s1.Run(srKernel, at+50, at+120).Run(gemm, at+120, at+220).Run(srKernel, at+220, at+240)
		s2.Run(srKernel, at+50, at+240).Run(gemm, at+240, at+340)
	}
	a := analyse(t, fakeInput(layoutOf(1, 3, 1, 1), s0, s1, s2))
	by := a.Metric("coll_calls_total").By.Types
	near(t, "sends", by["send"], 4, 6) // mean over three ranks: 6 + 6 + 0
	near(t, "recvs", by["recv"], 4, 6)
	// T0 is rank 0's first send, at 100 µs; rank 2 ends at 5340. Its recvs wait from
	// at+50 (the first from T0) to the middle's send at at+220.
	waited := float64((220-100)+5*170) / (5340 - 100) * 100
	near(t, "wait of stage 2", a.Metric("bubble").PerRank[2], waited, 6)
	near(t, "wait of stage 0", a.Metric("bubble").PerRank[0], 0, 6)
	// Beside that it computes six times 100 µs; stage 0 five times, from T0 to 5120.
	near(t, "idle time of stage 2", a.Metric("bubble").By.Stages[2].Idle, 100*(1-600/5240.)-waited, 6)
	near(t, "idle time of stage 0", a.Metric("bubble").By.Stages[0].Idle, 100*(1-500/5020.), 6)
}

func TestPipelineBubble(t *testing.T) {
	a := analyse(t, load(t, small("llama-8b-pp2")))
	m := a.Metric("bubble")
	near(t, "stage 0", m.By.Stages[0].Bubble, m.PerRank[0], 9)
	near(t, "stage 1", m.By.Stages[1].Bubble, m.PerRank[1], 9)
	// All waiting of this pipeline is in recv and the broadcast of the token.
	near(t, "bubble", value(t, a, "bubble"), value(t, a, "comm_wait"), 9)
	if m.By.Stages[1].Bubble < 50 || m.By.Stages[0].Idle < 50 {
		t.Errorf("stage 1 waits for the host-bound stage 0, which idles: %v", m.By)
	}
	if a.Metric("comm_wait").By.Types["send"] != 0 {
		t.Error("a send waits")
	}
	if r := analyse(t, load(t, small("llama-8b-tp2"))).Metric("bubble"); r.Value != nil || r.Reason != "PP=1: no pipeline" {
		t.Errorf("TP2: %+v", r)
	}
}

// Compute under the wait for a send is no idle time, and is counted once.
func TestComputeWhileAStageWaits(t *testing.T) {
	s0, s1 := newFake(0), newFake(1)
	for k := range int64(4) {
		s0.Run(gemm, 100*k, 100*k+60).Run(srKernel, 100*k+60, 100*k+80)
		s1.Run(srKernel, 100*k+20, 100*k+80).Run(gemm, 100*k+30, 100*k+50)
	}
	// T0 is 60 µs. From there stage 1 waits three times 40 µs, computes 20 of them, and
	// receives four times 20 µs; its window ends at 380.
	m := analyse(t, fakeInput(layoutOf(1, 2, 1, 1), s0, s1)).Metric("bubble")
	near(t, "bubble", m.By.Stages[1].Bubble, 100*120/320., 9)
	near(t, "idle", m.By.Stages[1].Idle, 100*200/320., 9)
}
