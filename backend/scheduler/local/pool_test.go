package local

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"shardeck/model"
)

// neighbours are workspaces of one user on one machine with these GPUs.
func neighbours(t *testing.T, n int, gpus ...string) []*bench {
	t.Helper()
	t.Setenv("SLURM_JOB_ID", "")
	pool := filepath.Join(t.TempDir(), "pool")
	var all []*bench
	for range n {
		b := newBench(t)
		b.Local = New(Options{Dir: b.dir, Grace: 1, Pool: pool})
		b.slots = func() slots { return slots{ids: gpus, real: true} }
		all = append(all, b)
	}
	return all
}

const hold = "echo $CUDA_VISIBLE_DEVICES; while [ ! -e go-$SHARDECK_JOB_ID ]; do sleep 0.1; done"

// waits sees that a job goes on waiting for longer than a keeper takes to look twice.
func (b *bench) waits(id string) {
	b.Helper()
	time.Sleep(1500 * time.Millisecond)
	if j := b.state(id); j.State != model.JobPending {
		b.Errorf("job %s has the GPUs of another: %+v, log %q", id, j, b.log(id))
	}
}

// TestPool: the GPUs that a job of one workspace has are not given to another's, all or
// none, and are free when it ends.
func TestPool(t *testing.T) {
	all := neighbours(t, 2, "0", "MIG-a/1/2", "5")
	a, b := all[0], all[1]
	two := a.submit(2, hold)
	a.await(two, model.JobRunning)
	pair, none := b.submit(2, hold), a.submit(0, "true")
	a.await(none, model.JobCompleted)
	b.waits(pair)
	one := a.submit(1, hold)
	a.await(one, model.JobRunning)
	a.release(one)
	a.release(two)
	b.await(pair, model.JobRunning)
	b.release(pair)
	b.await(pair, model.JobCompleted)
	if got := a.log(two) + a.log(one) + b.log(pair); got != "0,MIG-a/1/2\n5\n0,MIG-a/1/2\n" {
		t.Errorf("GPUs %q", got)
	}
}

// TestPoolOfManyWorkspaces: jobs of four workspaces at once, of which each sees whether
// another has its GPU.
func TestPoolOfManyWorkspaces(t *testing.T) {
	all := neighbours(t, 4, "0", "1", "2")
	seen := t.TempDir()
	ids := map[*bench][]string{}
	for i := range 3 {
		for k, b := range all {
			ids[b] = append(ids[b], b.submit(1+(i+k)%2, fmt.Sprintf(`for g in ${CUDA_VISIBLE_DEVICES//,/ }; do mkdir %[1]s/$g || exit 9; done
sleep 0.3
for g in ${CUDA_VISIBLE_DEVICES//,/ }; do rmdir %[1]s/$g; done`, seen)))
		}
	}
	for b, jobs := range ids {
		for _, id := range jobs {
			if j := b.await(id, model.JobCompleted); j.ExitCode != "0:0" {
				t.Errorf("%+v: %s", j, b.log(id))
			}
		}
	}
	if left, _ := filepath.Glob(filepath.Join(all[0].poolFor(all[0].slots()), "*")); len(left) > 2*3 {
		t.Errorf("claims pile up: %v", left)
	}
}

// TestPoolAfterKills: GPUs stay with a job whose keeper was killed, and are free when all
// of it is, or its directory is gone.
func TestPoolAfterKills(t *testing.T) {
	all := neighbours(t, 2, "0")
	a, b := all[0], all[1]
	first := a.submit(1, hold)
	a.await(first, model.JobRunning)
	child := a.process(first, "child")
	a.kill(a.process(first, "keeper"))
	next := b.submit(1, hold)
	b.waits(next)
	a.kill(child)
	b.await(next, model.JobRunning)
	last := a.submit(1, "true")
	a.waits(last)
	child = b.process(next, "child")
	b.kill(b.process(next, "keeper"))
	if err := os.RemoveAll(b.dir); err != nil { // the workspace is removed, and its job with it
		t.Fatal(err)
	}
	b.kill(child)
	a.await(last, model.JobCompleted)
}

// TestPoolStale: claims of before a reboot, of pids used again and of no meaning are
// passed over; those of this boot's living are not.
func TestPoolStale(t *testing.T) {
	b := neighbours(t, 1, "0")[0]
	pool := b.poolFor(b.slots())
	self := b.here.Self()
	host, _, _ := strings.Cut(string(b.here), " ")
	claim := filepath.Join(pool, "0.7")
	for _, text := range []string{
		fmt.Sprintf("%d %s %s an-older-boot\n/nowhere\n", self.PID, self.Born, host),
		fmt.Sprintf("%d 1 %s\n/nowhere\n", self.PID, b.here),
		"free\n", "", "nonsense\n\n",
	} {
		_ = os.Remove(filepath.Join(pool, "0.8"))
		if err := os.WriteFile(claim, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		b.await(b.submit(1, "true"), model.JobCompleted)
		if _, err := os.Stat(filepath.Join(pool, "0.8")); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
	if err := os.WriteFile(filepath.Join(pool, "0.9"), []byte(self.String()+"\n/nowhere\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	b.waits(b.submit(1, "true"))
}

// TestPoolNotToBeHad: where it cannot be made, where GPUs are stand-ins, each workspace
// keeps to itself; an allocation has one of its own.
func TestPoolNotToBeHad(t *testing.T) {
	b := neighbours(t, 1, "0")[0]
	if b.poolFor(slots{ids: upTo(4)}) != "" {
		t.Error("stand-ins are in a pool")
	}
	t.Setenv("SLURM_JOB_ID", "77")
	if p := b.poolFor(b.slots()); !strings.HasSuffix(p, "-job77") {
		t.Errorf("pool %s", p)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	b.Local = New(Options{Dir: b.dir, Grace: 1, Pool: file})
	b.slots = func() slots { return slots{ids: upTo(1), real: true} }
	b.await(b.submit(1, "true"), model.JobCompleted)
}
