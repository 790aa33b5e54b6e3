package local

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"shardeck/backend/scheduler"
	"shardeck/model"
)

//go:embed keeper.sh
var keeper string

// jobRecord is what job.json holds: the request, less what other files hold.
type jobRecord struct {
	Name   string        `json:"name"`
	Tag    string        `json:"tag"`
	GPUs   int           `json:"gpus"`
	Dir    string        `json:"dir"`
	Log    string        `json:"log"` // %j not yet expanded
	Limit  time.Duration `json:"limit"`
	Submit time.Time     `json:"submit"`
}

// Submit makes the job's directory whole under a temporary name, takes the next id by
// renaming it, and launches its keeper. A tag that is there is not submitted twice.
func (l *Local) Submit(ctx context.Context, r scheduler.Request) (string, error) {
	if err := l.check(r); err != nil {
		return "", err
	}
	if j, ok, err := l.Find(ctx, r.Tag); ok || err != nil {
		return j.ID, err
	}
	draft, err := l.draft(r)
	if err != nil {
		return "", unwritable(l.dir, err)
	}
	id, err := l.claim(draft)
	if err != nil {
		_ = os.RemoveAll(draft)
		return "", unwritable(l.dir, err)
	}
	if err := l.launch(ctx, id, r); err != nil {
		_ = os.RemoveAll(filepath.Join(l.dir, id))
		return "", err
	}
	return id, nil
}

// check refuses what could never run here.
func (l *Local) check(r scheduler.Request) error {
	if err := r.Check(); err != nil {
		return err
	}
	if s := l.slots(); r.GPUs > len(s.ids) {
		return &scheduler.Fault{Text: fmt.Sprintf("the job needs %d GPUs, this machine has %d (%s)", r.GPUs, len(s.ids), s.note),
			ToDo: "choose a smaller layout, or a cluster"}
	}
	return nil
}

// draft writes the files of a job that has no id yet.
func (l *Local) draft(r scheduler.Request) (string, error) {
	if err := os.MkdirAll(l.dir, 0o755); err != nil {
		return "", err
	}
	dir, err := os.MkdirTemp(l.dir, "new-")
	if err != nil {
		return "", err
	}
	text, err := json.MarshalIndent(jobRecord{r.Name, r.Tag, r.GPUs, r.Dir, r.Log, r.Limit, time.Now().Truncate(time.Second)}, "", "  ")
	for name, content := range map[string]string{
		"job.json": string(text) + "\n", "script.sh": r.Script, "keeper.sh": keeper, "submitter": l.here.self().String() + "\n",
	} {
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600)
		}
	}
	if err != nil {
		_ = os.RemoveAll(dir)
	}
	return dir, err
}

// claim gives a draft the next free id. Renaming a directory onto another that is
// not empty fails, so no two submitters get the same.
func (l *Local) claim(draft string) (string, error) {
	for {
		ids, err := l.ids()
		if err != nil {
			return "", err
		}
		last := 0
		if len(ids) > 0 {
			last, _ = strconv.Atoi(ids[len(ids)-1][1:])
		}
		id := "L" + strconv.Itoa(last+1)
		err = os.Rename(draft, filepath.Join(l.dir, id))
		if err == nil || !errors.Is(err, fs.ErrExist) && !errors.Is(err, syscall.ENOTEMPTY) {
			return id, err
		}
	}
}

// launch starts the keeper in a session of its own, so that it outlives us, the
// terminal and the ssh connection. It returns when the keeper is on disk.
func (l *Local) launch(ctx context.Context, id string, r scheduler.Request) error {
	dir := filepath.Join(l.dir, id)
	s := l.slots()
	limit := int((r.Limit + time.Second - 1) / time.Second)
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, "bash", filepath.Join(dir, "keeper.sh"), "launch", dir,
		strings.Join(s.ids, ","), strconv.Itoa(r.GPUs), strconv.Itoa(limit), strconv.Itoa(l.grace),
		scheduler.ExpandLog(r.Log, id, r.Name), r.Dir, string(l.here), strconv.FormatBool(s.real), l.poolFor(s))
	cmd.Env = append(os.Environ(), r.Env...)
	cmd.Dir = r.Dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	cmd.WaitDelay = time.Second
	var errs bytes.Buffer
	cmd.Stderr = &errs
	if err := cmd.Run(); err != nil {
		return model.Failed("the local job could not be started", fmt.Errorf("%w %.200s", err, model.Printable(errs.String())),
			"see that bash is installed and the disk has room")
	}
	return nil
}

// unwritable is the error of a state directory that takes no job.
func unwritable(dir string, err error) error {
	var f *scheduler.Fault
	switch {
	case errors.As(err, &f):
		return err
	case diskFull(err):
		return model.Failed("the disk is full, so no job can be recorded", err, "make room, then submit again")
	}
	return model.Failed("cannot record the job in "+dir, err, "make the directory writable, or use another workspace")
}

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
// allocation, which numbers them anew. It is empty, and each workspace keeps to itself,
// for stand-ins and where no folder takes hard links.
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

// takesHardLinks reports whether a folder's file system knows hard links; a full disk may.
func takesHardLinks(dir string) bool {
	f, err := os.CreateTemp(dir, ".try-")
	if err != nil {
		return diskFull(err)
	}
	_ = f.Close()
	defer func() { _ = os.Remove(f.Name()) }()
	err = os.Link(f.Name(), f.Name()+"-2")
	_ = os.Remove(f.Name() + "-2")
	return err == nil || diskFull(err)
}

func diskFull(err error) bool {
	return errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT)
}

// gpuLine is "GPU 0: NVIDIA A100-SXM4-40GB (UUID: GPU-…)".
var gpuLine = regexp.MustCompile(`(?m)^GPU `)

// countGPUs counts those of nvidia-smi -L.
func countGPUs(list string) int { return len(gpuLine.FindAllString(list, -1)) }

// upTo is 0, 1, … n-1 as text.
func upTo(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = strconv.Itoa(i)
	}
	return ids
}
