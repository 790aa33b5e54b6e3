package nsys

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ncruces/go-sqlite3"

	"shardeck/backend/trace"
)

type export struct {
	*db
	*devices
	target  *target
	strings stringIDs
}

func openSQLite(ctx context.Context, path string, progress func(done, total int64)) ([]*trace.Rank, error) {
	x := &export{}
	x.devices = newDevices(func(w *deviceWork) { w.gpu, w.known = x.target.physical(w.owner, w.device) })
	d, err := openDB(ctx, path, x.DamageCounter, progress)
	if err != nil {
		return nil, fmt.Errorf("%s %w", filepath.Base(path), err)
	}
	defer d.close()
	x.db = d
	if ours := slices.ContainsFunc(exportTables, func(t string) bool { return d.has(t) }); !ours && len(x.Damage()) == 0 {
		return nil, fmt.Errorf("%s is an SQLite file but no export of nsys (it has none of its tables); "+
			"export a report with nsys export --type sqlite", filepath.Base(path))
	}
	defer x.strings.close()
	steps := &steps{export: x}
	for _, read := range []func() error{x.begin, x.readWork, steps.read, steps.project} {
		if err := read(); err != nil {
			return nil, err
		}
	}
	ranks, err := x.finish()
	if err == nil && progress != nil {
		progress(x.size, x.size)
	}
	return ranks, err
}

// exportTables are tables of which an export has at least one.
var exportTables = []string{
	kernelTable, memcpyTable, memsetTable, graphTable, runtimeTable, nvtxTable,
	"META_DATA_EXPORT", "META_DATA_CAPTURE", "ANALYSIS_DETAILS", "GPU_METRICS", "TARGET_INFO_GPU",
}

// begin reads the small tables and sizes up the large ones.
func (x *export) begin() (err error) {
	for _, t := range []string{kernelTable, memcpyTable, memsetTable, graphTable, nvtxTable, runtimeTable, metricsTable} {
		x.large(t)
	}
	if x.target, err = readTarget(x.db); err != nil {
		return err
	}
	x.strings = stringIDs{names: x.names, known: map[int64]uint32{}}
	if x.has("StringIds", "id", "value") {
		x.strings.find, _, err = x.conn.Prepare("SELECT value FROM StringIds WHERE id = ?")
		if err != nil {
			x.Once(-1, "table StringIds is damaged ("+reason(err)+")", "names of kernels")
		}
	}
	return nil
}

// finish makes the ranks, in the order of their GPUs.
func (x *export) finish() ([]*trace.Rank, error) {
	samples, err := x.samples()
	if err != nil {
		return nil, err
	}
	work, copied := x.withKernels(func(a, b *deviceWork) int { return cmp.Compare(a.gpu, b.gpu) })
	if copied > 0 {
		x.target.notes = append(x.target.notes, trace.CountOf(copied,
			"process only copied and ran no kernel: it is left out", "processes only copied and ran no kernel: they are left out"))
	}
	x.noteGraphs(work)
	t := x.target
	ranks := x.ranks(work, trace.Info{Hostname: t.host, Schema: t.schema, Devices: t.devices, Notes: t.notes}, x.size, x.size)
	for i, w := range work {
		addSamples(ranks[i], w, work, samples)
	}
	return ranks, nil
}

// noteGraphs says what nsys leaves out by default; its time is kept, one record a launch: the device is not idle.
func (x *export) noteGraphs(work []*deviceWork) {
	n := 0
	for _, w := range work {
		n += w.graphs
	}
	if n > 0 {
		x.Once(-1, trace.CountOf(n,
			"launch of a CUDA graph was recorded whole, without its kernels", "launches of CUDA graphs were recorded whole, without their kernels"),
			"the kernels and collectives inside them; profile again with --cuda-graph-trace=node")
	}
}

type stringIDs struct {
	find  *sqlite3.Stmt // by id; nil: the export has no strings
	names *trace.Names
	known map[int64]uint32 // looked up before
}

// notFound marks an id that was looked up in vain.
const notFound = 1<<32 - 1

func (s *stringIDs) name(id int64) (uint32, bool) {
	name, ok := s.known[id]
	if !ok {
		name = s.lookUp(id)
		s.known[id] = name
	}
	return name, name != notFound
}

func (s *stringIDs) lookUp(id int64) uint32 {
	if s.find == nil || s.find.BindInt64(1, id) != nil {
		return notFound
	}
	defer s.find.Reset()
	if s.find.Step() {
		if text, ok := (row{s.find}).text(0); ok {
			return s.names.ID(text)
		}
	}
	return notFound
}

func (s *stringIDs) close() {
	if s.find != nil {
		s.find.Close()
	}
}

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

// processOf is the global process id of a global thread id.
func processOf(tid int64) int64 { return tid &^ 0xffffff }

func readTarget(d *db) (*target, error) {
	t := &target{gpuOf: map[ordinal]int64{}}
	if err := cmp.Or(t.readNamed(d), t.readGPUs(d), t.readOrdinals(d), t.readDiagnostics(d)); err != nil {
		return nil, err
	}
	if t.epoch == 0 {
		t.notes = append(t.notes, "the export does not say when its capture started: its times cannot be compared with those of other files")
	}
	return t, nil
}

// readNamed reads the schema and the host, which stand in tables of names and values, and the start of the capture.
func (t *target) readNamed(d *db) (err error) {
	if t.schema, err = d.valueOf("META_DATA_EXPORT", "EXPORT_SCHEMA_VERSION"); err == nil {
		t.host, err = d.valueOf("TARGET_INFO_SYSTEM_ENV", "Hostname")
	}
	if err != nil {
		return err
	}
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
	if gpu, known = t.gpuOf[ordinal{globalPid >> 24 & 0xffffff, cuda}]; !known {
		gpu = cuda
	}
	return gpu, known
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
