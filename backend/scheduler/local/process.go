package local

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"

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
