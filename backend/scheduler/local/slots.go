package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// slots are the GPUs that jobs share out, or stand-ins for them.
type slots struct {
	ids  []string // as CUDA_VISIBLE_DEVICES names them
	real bool
	note string // where they come from
}

// findSlots counts the GPUs: those this process may see, else those nvidia-smi
// lists, else as many stand-ins as configured.
func findSlots(fallback int) slots {
	if v := os.Getenv("CUDA_VISIBLE_DEVICES"); v != "" && v != "-1" {
		return slots{ids: strings.Split(v, ","), real: true, note: "GPUs from CUDA_VISIBLE_DEVICES"}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	out, err := exec.CommandContext(ctx, "nvidia-smi", "-L").Output()
	if n := countGPUs(string(out)); err == nil && n > 0 {
		return slots{ids: upTo(n), real: true, note: "GPUs from nvidia-smi"}
	}
	return slots{ids: upTo(fallback), note: fmt.Sprintf("no GPU was found here: %d slots are assumed, enough for replays", fallback)}
}

// poolFor is the folder where jobs note that they have GPUs of this machine, or of this
// allocation, whose GPUs are numbered anew. It is empty, and then each workspace keeps
// to itself, for stand-ins, and where no folder takes hard links.
func (l *Local) poolFor(s slots) string {
	if l.pool == "" || !s.real {
		return ""
	}
	name := hostName()
	if job := os.Getenv("SLURM_JOB_ID"); job != "" {
		name += "-job" + job
	}
	dir := filepath.Join(l.pool, name)
	if err := os.MkdirAll(dir, 0o700); err != nil || !takesHardLinks(dir) {
		return ""
	}
	return dir
}

// takesHardLinks reports whether a folder's file system knows hard links. A disk that is full
// does, as far as is known.
func takesHardLinks(dir string) bool {
	f, err := os.CreateTemp(dir, ".try-")
	if err != nil {
		return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
	}
	_ = f.Close()
	defer func() { _ = os.Remove(f.Name()) }()
	err = os.Link(f.Name(), f.Name()+"-2")
	_ = os.Remove(f.Name() + "-2")
	return err == nil || errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// countGPUs counts lines such as "GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-…)".
func countGPUs(list string) int {
	n := 0
	for line := range strings.Lines(list) {
		if strings.HasPrefix(line, "GPU ") {
			n++
		}
	}
	return n
}

// upTo is 0, 1, … n-1 as text.
func upTo(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = strconv.Itoa(i)
	}
	return ids
}
