// Package process names processes so that a pid that was used again, or a reboot, is noticed.
package process

import (
	"errors"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"strings"
	"sync"
	"syscall"

	"shardeck/model"
)

// ID is one process for ever: pid, start time (clock ticks since boot) and machine.
type ID struct {
	PID  int
	Born string
	On   Host
}

// Parse reads "PID BORN HOST BOOT"; false for anything else.
func Parse(line string) (ID, bool) {
	parts := strings.SplitN(strings.TrimSpace(line), " ", 3)
	if len(parts) != 3 {
		return ID{}, false
	}
	pid, err := strconv.Atoi(parts[0])
	if err != nil || pid <= 1 || parts[1] == "" || parts[2] == "" {
		return ID{}, false
	}
	return ID{pid, parts[1], Host(parts[2])}, true
}

// Host is a machine until its next boot: host name and boot id.
type Host string

// Self is this process.
func (h Host) Self() ID { return ID{os.Getpid(), StartTime(os.Getpid()), h} }

// String is the line that Parse reads.
func (p ID) String() string { return strconv.Itoa(p.PID) + " " + p.Born + " " + string(p.On) }

// Alive reports whether a process of this machine is there still. That of another user, which /proc may hide, is
// known by its pid alone.
func (h Host) Alive(p ID) bool {
	if p.PID <= 1 || p.On != h || p.Born == "" {
		return false
	}
	born := StartTime(p.PID)
	return born == p.Born || born == "" && errors.Is(syscall.Kill(p.PID, 0), syscall.EPERM)
}

// Elsewhere is the name of the other machine a process runs on, empty for this one.
func (h Host) Elsewhere(p ID) string {
	theirs, _, _ := strings.Cut(string(p.On), " ")
	ours, _, _ := strings.Cut(string(h), " ")
	if theirs == ours {
		return ""
	}
	return model.Printable(theirs)
}

// Rebooted reports whether a process ran before this machine's last boot.
func (h Host) Rebooted(p ID) bool { return p.On != h && h.Elsewhere(p) == "" }

// StartTime is when a process began, empty if it is gone or a zombie: in clock ticks
// since boot, or, where there is no /proc, as ps writes it. keeper.sh does the same.
func StartTime(pid int) string {
	if _, err := os.Stat("/proc/self/stat"); err == nil {
		stat, _ := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
		return startField(string(stat))
	}
	out, _ := exec.Command("ps", "-o", "lstart=", "-p", strconv.Itoa(pid)).Output()
	return strings.Join(strings.Fields(string(out)), "_")
}

// startField picks the 22nd field of a stat line; the second, the name, may hold blanks and brackets.
func startField(stat string) string {
	fields := strings.Fields(stat[strings.LastIndexByte(stat, ')')+1:])
	if len(fields) < 20 || fields[0] == "Z" || fields[0] == "X" {
		return ""
	}
	return fields[19]
}

// Here is this machine.
var Here = sync.OnceValue(func() Host {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		boot, _ = exec.Command("sysctl", "-n", "kern.bootsessionuuid").Output()
	}
	return Host(HostName() + " " + strings.TrimSpace(string(boot)+" "))
})

// HostName is this machine's name, without blanks.
func HostName() string {
	name, err := os.Hostname()
	if err != nil || name == "" {
		return "localhost"
	}
	return strings.Join(strings.Fields(name), "_")
}

// User is the name of who runs this process.
func User() string {
	if u, err := user.Current(); err == nil {
		return u.Username
	}
	return os.Getenv("USER")
}
