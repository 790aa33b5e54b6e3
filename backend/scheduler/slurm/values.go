package slurm

import (
	"cmp"
	"os/user"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"shardeck/model"
)

// setState reads "CANCELLED by 0" and the like by their first word; the rest of it, or a word that the table
// changed, is the reason unless there is a better one. States not in the table are kept as Slurm says them.
func setState(j *model.Job, text string) {
	word, rest, _ := strings.Cut(text, " ")
	word = strings.TrimRight(word, "+") // cut short by a narrow column
	state, known := vocabulary().States[word]
	if !known {
		state = model.JobState(word)
	}
	if j.State = state; state == model.JobRunning || state == model.JobCompleted {
		j.Reason = "" // sacct still tells why it waited
	}
	if j.Reason == "" && rest != "" {
		j.Reason = byWhom(text)
	}
	if j.Reason == "" && known && string(state) != word {
		j.Reason = word
	}
}

// byWhom puts a user's name into "CANCELLED by 1234".
func byWhom(text string) string {
	id, ok := strings.CutPrefix(text, "CANCELLED by ")
	if !ok {
		return text
	}
	if u, err := user.LookupId(id); err == nil {
		id = u.Username
	} else if wholeNumber(id) > 0 {
		id = "user " + id
	}
	return "CANCELLED by " + id
}

// nothing are the ways in which Slurm writes that there is no value.
var nothing = []string{"N/A", "None", "NONE", "(null)", "Unknown", "None assigned", "INVALID"}

// cleanValue is a cleaned field, empty where Slurm has none.
func cleanValue(s string) string {
	s = model.Printable(strings.TrimSpace(s))
	if slices.Contains(nothing, s) {
		return ""
	}
	return s
}

const timeFormat = "2006-01-02T15:04:05"

// parseTime is zero for Unknown, N/A and None.
func parseTime(s string, zone *time.Location) time.Time {
	t, _ := time.ParseInLocation(timeFormat, s, zone)
	return t
}

// parseDuration reads [days-][[hours:]minutes:]seconds; 0 for UNLIMITED and words.
func parseDuration(s string) time.Duration {
	d, _ := model.ParseTimeLimit(s)
	return d
}

// gpuItem is the GPUs of one kind or of all in a list: gres/gpu=8 and gres/gpu:a100=8 of trackable resources, in a request
// gres:gpu:4 up to Slurm 23.02, gres/gpu:4 later, with a kind between (gpu:a100:4) and sockets after it (gpu:4(S:0)).
var gpuItem = regexp.MustCompile(`^(?:gres[:/])?gpu(:[^:=(]*[^0-9:=(][^:=(]*)?(?:([:=])([0-9]{1,5}))?(?:\(.*)?$`)

// countGPUs counts the GPUs in a list of resources or in a request: their sum, or what all kinds have together where that is given.
func countGPUs(list string) (total int) {
	for item := range strings.SplitSeq(list, ",") {
		m := gpuItem.FindStringSubmatch(item)
		if m == nil {
			continue
		}
		n := wholeNumber(cmp.Or(m[3], "1")) // "gpu" or "gpu:a100" is one
		if m[1] == "" && m[2] == "=" {
			return n
		}
		total += n
	}
	return total
}

// exitCode reads squeue's exit status: exit:signal already, or a raw wait status (768 is exit 3, 15 is signal
// 15). With a signal the exit code means nothing: Slurm leaves a 15 there beside its own signal 53.
func exitCode(s string) string {
	if strings.Contains(s, ":") {
		return s
	}
	n, err := strconv.ParseUint(s, 10, 32)
	if err != nil {
		return ""
	}
	if signal := n & 0x7f; signal != 0 {
		return "0:" + strconv.FormatUint(signal, 10)
	}
	return strconv.FormatUint(n>>8&0xff, 10) + ":0"
}

// wholeNumber reads a whole number, 0 for anything else.
func wholeNumber(s string) int {
	n, err := strconv.ParseUint(s, 10, 31)
	if err != nil {
		return 0
	}
	return int(n)
}
