package local

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"shardeck/backend/scheduler"
	"shardeck/model"
)

// process is one process for ever: its pid, its start time and the machine it runs
// on, as they stand in the files keeper, child and submitter.
type process struct {
	pid  int
	born string
	on   host
}

// parseProcess reads "PID BORN HOST BOOT"; false for anything else.
func parseProcess(line string) (process, bool) {
	parts := strings.SplitN(strings.TrimSpace(line), " ", 3)
	if len(parts) != 3 {
		return process{}, false
	}
	pid, err := strconv.Atoi(parts[0])
	if err != nil || pid <= 1 || parts[1] == "" || parts[2] == "" {
		return process{}, false
	}
	return process{pid, parts[1], host(parts[2])}, true
}

// host is a machine until its next boot: host name and boot id.
type host string

// self is this process.
func (h host) self() process { return process{os.Getpid(), startTime(os.Getpid()), h} }

func (p process) String() string { return strconv.Itoa(p.pid) + " " + p.born + " " + string(p.on) }

// alive reports whether the process is there, on this machine.
func (h host) alive(p process) bool {
	return p.pid > 1 && p.on == h && p.born != "" && startTime(p.pid) == p.born
}

// elsewhere is the name of the other machine a process runs on, empty for this one.
func (h host) elsewhere(p process) string {
	theirs, _, _ := strings.Cut(string(p.on), " ")
	ours, _, _ := strings.Cut(string(h), " ")
	if theirs == ours {
		return ""
	}
	return model.Printable(theirs)
}

// rebooted reports whether a process ran before this machine's last boot.
func (h host) rebooted(p process) bool { return p.on != h && h.elsewhere(p) == "" }

// startTime is the start time of a living process, empty for one that is gone or only
// waits to be buried: in clock ticks since boot, or, where there is no /proc, as ps
// writes it. keeper.sh does the same.
func startTime(pid int) string {
	if _, err := os.Stat("/proc/self/stat"); err == nil {
		stat, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		return startField(string(stat))
	}
	out, _ := exec.Command("ps", "-o", "lstart=", "-p", strconv.Itoa(pid)).Output()
	return strings.Join(strings.Fields(string(out)), "_")
}

// startField picks the 22nd field of a stat line; the second, the name, may hold
// blanks and brackets.
func startField(stat string) string {
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) < 20 || fields[0] == "Z" || fields[0] == "X" {
		return ""
	}
	return fields[19]
}

// thisHost is this machine.
var thisHost = sync.OnceValue(func() host {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		boot, _ = exec.Command("sysctl", "-n", "kern.bootsessionuuid").Output()
	}
	return host(hostName() + " " + strings.TrimSpace(string(boot)+" "))
})

// hostName is this machine's name, without blanks.
func hostName() string {
	name, err := os.Hostname()
	if err != nil || name == "" {
		return "localhost"
	}
	return strings.Join(strings.Fields(name), "_")
}

// Cancel asks the job's keeper to end it, and waits until it did: TERM to the whole
// process group, KILL after a grace. A job whose keeper was killed is ended here.
func (l *Local) Cancel(ctx context.Context, id string) error {
	m := idPattern.FindStringSubmatch(id)
	dir := filepath.Join(l.dir, id)
	if m == nil || !exists(dir, "job.json") {
		return unknown(id)
	}
	n, _ := strconv.Atoi(m[1])
	j, err := l.job(n)
	if err != nil || !j.State.Active() {
		return err
	}
	written := record(dir, "cancel", "")
	keeper, _ := parseProcess(readFact(dir, "keeper"))
	child, _ := parseProcess(readFact(dir, "child"))
	switch {
	case l.here.alive(keeper):
		_ = syscall.Kill(keeper.pid, syscall.SIGTERM) // sooner than it would see the file
	case l.here.alive(child):
		l.end(ctx, child)
	case written != nil:
		return unwritable(dir, written)
	}
	return l.awaitEnd(ctx, n)
}

// end ends a job that has no keeper.
func (l *Local) end(ctx context.Context, child process) {
	_ = syscall.Kill(-child.pid, syscall.SIGTERM)
	for end := time.Now().Add(time.Duration(l.grace) * time.Second); l.here.alive(child) && time.Now().Before(end) && ctx.Err() == nil; {
		time.Sleep(100 * time.Millisecond)
	}
	_ = syscall.Kill(-child.pid, syscall.SIGKILL)
}

// awaitEnd waits until a job has ended.
func (l *Local) awaitEnd(ctx context.Context, n int) error {
	for end := time.Now().Add(time.Duration(l.grace)*time.Second + 5*time.Second); ; {
		j, err := l.job(n)
		if err != nil || !j.State.Active() {
			return err
		}
		if time.Now().After(end) {
			return &scheduler.Fault{Text: "local job " + idOf(n) + " was asked to end, and has not yet (" + j.Reason + ")",
				ToDo: "look again in a minute; if its machine is gone, remove " + filepath.Join(l.dir, idOf(n))}
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
