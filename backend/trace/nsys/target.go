package nsys

import (
	"slices"
	"strings"

	"shardeck/backend/trace"
)

// target is what an export says of its world.
type target struct {
	schema  string
	host    string
	epoch   int64 // ns since 1970 at the start of the capture; 0: not given
	devices []trace.Device
	gpuOf   map[ordinal]int64 // the physical GPU of a process's CUDA device
	notes   []string
}

// ordinal is a CUDA device as one process counts them.
type ordinal struct{ pid, cuda int64 }

// pidOf is the process id in a global process or thread id.
func pidOf(global int64) int64 { return global >> 24 & 0xffffff }

// processOf is the global process id of a global thread id.
func processOf(tid int64) int64 { return tid &^ 0xffffff }

func readTarget(d *db) (*target, error) {
	t := &target{gpuOf: map[ordinal]int64{}}
	for _, read := range []func(*db) error{t.readNamed, t.readStart, t.readGPUs, t.readOrdinals, t.readDiagnostics} {
		if err := read(d); err != nil {
			return nil, err
		}
	}
	if t.epoch == 0 {
		t.notes = append(t.notes, "the export does not say when its capture started: its times cannot be compared with those of other files")
	}
	return t, nil
}

// readNamed reads the schema and the host, which stand in tables of names and values.
func (t *target) readNamed(d *db) (err error) {
	if t.schema, err = d.valueOf("META_DATA_EXPORT", "EXPORT_SCHEMA_VERSION"); err == nil {
		t.host, err = d.valueOf("TARGET_INFO_SYSTEM_ENV", "Hostname")
	}
	return err
}

func (t *target) readStart(d *db) error {
	return d.rows("TARGET_INFO_SESSION_START_TIME", []string{"utcEpochNs"}, "", func(r row) {
		if v := r.or(0, 0); v > 0 && v < maxTime && t.epoch == 0 {
			t.epoch = v
		}
	})
}

func (t *target) readGPUs(d *db) error {
	err := d.rows("TARGET_INFO_GPU", []string{"id", "name", "totalMemory", "smCount", "computeMajor", "computeMinor"}, "", func(r row) {
		id, ok := r.int(0)
		if !ok || len(t.devices) == maxDevices {
			return
		}
		name, _ := r.text(1)
		t.devices = append(t.devices, trace.Device{
			ID: int(id), Name: name, TotalMemory: r.or(2, 0), SMs: int(r.or(3, 0)), Major: int(r.or(4, 0)), Minor: int(r.or(5, 0)),
		})
	})
	slices.SortFunc(t.devices, func(a, b trace.Device) int { return a.ID - b.ID })
	return err
}

func (t *target) readOrdinals(d *db) error {
	if !d.has("TARGET_INFO_CUDA_DEVICE", "gpuId", "cudaId", "pid") {
		return nil
	}
	return d.rows("TARGET_INFO_CUDA_DEVICE", []string{"pid", "cudaId", "gpuId"}, "", func(r row) {
		if gpu, ok := r.int(2); ok {
			t.gpuOf[ordinal{r.or(0, 0), r.or(1, 0)}] = gpu
		}
	})
}

// physical is the GPU behind a process's device; not known: the device's own number, as the export does not say.
func (t *target) physical(globalPid, cuda int64) (gpu int64, known bool) {
	if gpu, ok := t.gpuOf[ordinal{pidOf(globalPid), cuda}]; ok {
		return gpu, true
	}
	return cuda, false
}

// sms is the number of multiprocessors of a GPU, 0 if it is not known.
func (t *target) sms(gpu int64) int {
	if i := slices.IndexFunc(t.devices, func(d trace.Device) bool { return int64(d.ID) == gpu }); i >= 0 {
		return t.devices[i].SMs
	}
	return 0
}

// severe are nsys's words for diagnostics that are worth a note, and their numbers where words are missing.
var severe = map[string]bool{"warning": true, "error": true, "fatal": true}

const severeFrom = 2

// lostWords are words in a diagnostic that mean that events are missing.
var lostWords = []string{" lost", " dropped", "not collected", "incomplete", "buffer overflow", "out of memory"}

// maxNotes bounds the diagnostics that are passed on.
const maxNotes = 10

// readDiagnostics passes on nsys's own warnings; those that speak of lost events are damage.
func (t *target) readDiagnostics(d *db) error {
	words, err := severities(d)
	if err != nil {
		return err
	}
	seen := map[string]bool{}
	return d.rows("DIAGNOSTIC_EVENT", []string{"severity", "text"}, "", func(r row) {
		text, ok := r.text(1)
		if !ok || seen[text] || len(seen) == maxNotes {
			return
		}
		lost := slices.ContainsFunc(lostWords, func(w string) bool { return strings.Contains(strings.ToLower(text), w) })
		level := r.or(0, 0)
		switch {
		case lost:
			d.damage.Once(-1, "nsys says: "+text, "the events it speaks of")
		case severe[words[level]] || words[level] == "" && level >= severeFrom:
			t.notes = append(t.notes, "nsys says: "+text)
		default:
			return
		}
		seen[text] = true
	})
}

// severities reads the words of severity levels.
func severities(d *db) (map[int64]string, error) {
	words := map[int64]string{}
	err := d.rows("ENUM_DIAGNOSTIC_SEVERITY_LEVEL", []string{"id", "name", "label"}, "", func(r row) {
		name, ok := r.text(1)
		if !ok {
			name, _ = r.text(2)
		}
		words[r.or(0, -1)] = strings.ToLower(name)
	})
	return words, err
}
