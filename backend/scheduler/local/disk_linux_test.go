package local

import (
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"shardeck/model"
)

// full makes a file system of its own, of a few KiB.
func full(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=48k"); err != nil {
		t.Skipf("needs a file system of its own: %v", err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	return dir
}

func TestFullDisk(t *testing.T) {
	b, dir := newBench(t), full(t)
	_, err := New(Options{Dir: dir}).Submit(t.Context(), b.request(1, "# "+strings.Repeat("x", 90000)))
	if err == nil || !strings.Contains(err.Error(), "the disk is full") {
		t.Errorf("%v", err)
	}
	if left, _ := os.ReadDir(dir); len(left) != 0 {
		t.Errorf("half a job was left: %v", left)
	}
}

// TestDiskFillsUp: a job that ends while the disk is full is not forgotten: its end
// is written once there is room.
func TestDiskFillsUp(t *testing.T) {
	dir := full(t)
	b := newBench(t)
	b.dir = dir
	b.Local = New(Options{Dir: dir, Grace: 1})
	b.slots = func() slots { return slots{ids: upTo(4)} }
	id := b.submit(1, "while [ ! -e go-$SHARDECK_JOB_ID ]; do sleep 0.1; done; exit 7")
	b.await(id, model.JobRunning)
	b.process(id, "child")
	filler := dir + "/filler"
	if err := os.WriteFile(filler, make([]byte, 64<<10), 0o600); err == nil {
		t.Fatal("the disk is not full")
	}
	b.release(id)
	time.Sleep(time.Second)
	if j := b.state(id); j.State != model.JobRunning {
		t.Errorf("its end cannot be known yet: %+v", j)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	if j := b.await(id, model.JobFailed); j.ExitCode != "7:0" {
		t.Errorf("%+v", j)
	}
}

// TestPoolFull: a claim that cannot be written is none; the job waits for room.
func TestPoolFull(t *testing.T) {
	dir := full(t)
	b := newBench(t)
	b.Local = New(Options{Dir: b.dir, Grace: 1, Pool: dir})
	b.slots = func() slots { return slots{ids: upTo(1), real: true} }
	b.poolFor(b.slots())
	filler := dir + "/filler"
	if err := os.WriteFile(filler, make([]byte, 64<<10), 0o600); err == nil {
		t.Fatal("the disk is not full")
	}
	id := b.submit(1, "true")
	b.waits(id)
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	b.await(id, model.JobCompleted)
}
