package exchange

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/encoding/protowire"
	"gopkg.in/yaml.v3"

	"shardeck/backend/report"
	"shardeck/model/metric"
	"shardeck/model/present/unit"
)

// values are the metrics that have a value, in full, and what each rank has of them as name.rank_0.
func values(s Source) map[string]float64 {
	all := map[string]float64{}
	for _, d := range metric.Definitions {
		m := s.Found.Metric(d.Name)
		if m.Value != nil {
			all[d.Name] = *m.Value
		}
		for r, v := range m.PerRank {
			all[fmt.Sprintf("%s.rank_%d", d.Name, r)] = v
		}
	}
	return all
}

// writeMLflow writes a folder of MLflow's file store with one run in it:
// https://mlflow.org/docs/latest/self-hosting/architecture/backend-store. Stores of several runs are one when their
// folders are copied into one.
func writeMLflow(dir string, s Source) ([]string, error) {
	const experiment = "700000000000000001"
	run := id(s, 32)
	at := s.Run.Time
	config := report.Told(rowOf(s))
	files := map[string]string{}
	document := func(name string, v map[string]any) {
		text, _ := yaml.Marshal(v) // plain values: cannot fail
		files[name] = string(text)
	}
	document("meta.yaml", map[string]any{"experiment_id": experiment, "name": "shardeck", "lifecycle_stage": "active",
		"artifact_location": "artifacts", "creation_time": at.UnixMilli(), "last_update_time": at.UnixMilli()})
	document(run+"/meta.yaml", map[string]any{"run_id": run, "run_uuid": run, "run_name": s.Run.Name, "experiment_id": experiment, "status": 3,
		"start_time": at.UnixMilli(), "end_time": at.UnixMilli(), "lifecycle_stage": "active", "source_type": 4, "source_name": "shardeck",
		"source_version": "", "entry_point_name": "", "user_id": "", "tags": []string{}, "artifact_uri": run + "/artifacts"})
	for name, v := range values(s) {
		files[run+"/metrics/"+name] = fmt.Sprintf("%d %s 0\n", at.UnixMilli(), unit.Full(v))
	}
	for name, v := range config {
		files[run+"/params/"+name] = v
	}
	files[run+"/tags/mlflow.runName"], files[run+"/tags/mlflow.note.content"] = s.Run.Name, strings.Join(s.Found.Warnings, "\n")
	for name, text := range files {
		if err := file(dir, experiment+"/"+name, func(w *bufio.Writer) error { _, err := w.WriteString(text); return err }); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// Numbers of fields of https://github.com/wandb/wandb, wandb/proto/wandb_internal.proto.
const (
	recordNum, recordHistory, recordSummary, recordRun, recordExit, recordHeader = 1, 2, 3, 17, 18, 21

	runID, runProject, runConfig, runName, runNotes, runStart = 1, 3, 4, 8, 9, 17

	itemKey, itemJSON = 1, 16
)

// writeWandb writes an offline run: a log of records as LevelDB writes one, behind a header of W&B's own.
func writeWandb(dir string, s Source) ([]string, error) {
	run := id(s, 8)
	at := s.Run.Time
	name := fmt.Sprintf("wandb/offline-run-%s-%s/run-%s.wandb", at.UTC().Format("20060102_150405"), run, run)
	config, found := map[string]any{}, map[string]any{}
	for k, v := range report.Told(rowOf(s)) {
		config[k] = v
	}
	for k, v := range values(s) {
		found[k] = v
	}
	text := func(m []byte, field protowire.Number, v string) []byte {
		return protowire.AppendString(protowire.AppendTag(m, field, protowire.BytesType), v)
	}
	inner := func(m []byte, field protowire.Number, v []byte) []byte {
		return protowire.AppendBytes(protowire.AppendTag(m, field, protowire.BytesType), v)
	}
	about := text(text(text(text(nil, runID, run), runProject, "shardeck"), runName, s.Run.Name), runNotes,
		strings.Join(s.Found.Warnings, "\n"))
	about = inner(inner(about, runConfig, items(config)), runStart, number(nil, 1, uint64(max(at.Unix(), 0))))
	history := map[string]any{"_step": 0, "_timestamp": at.Unix()}
	maps.Copy(history, found)
	records := []struct {
		field protowire.Number
		body  []byte
	}{
		{recordHeader, inner(nil, 1, text(text(nil, 1, "0.19.0"), 2, "0.13.0"))}, {recordRun, about},
		{recordHistory, inner(items(history), 2, nil)}, {recordSummary, items(found)}, {recordExit, number(nil, 1, 0)},
	}
	return nil, file(dir, name, func(w *bufio.Writer) error {
		log := &levelLog{w: w}
		log.put([]byte(":W&B\xe1\xbe\x00"))
		for i, r := range records {
			log.record(inner(number(nil, recordNum, uint64(i)), r.field, r.body))
		}
		return log.err
	})
}

func number(m []byte, field protowire.Number, v uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(m, field, protowire.VarintType), v)
}

// items are keys with their values as JSON, in the order of the keys.
func items(all map[string]any) (m []byte) {
	for _, k := range slices.Sorted(maps.Keys(all)) {
		v, _ := json.Marshal(all[k]) // plain values: cannot fail
		item := protowire.AppendString(protowire.AppendTag(nil, itemKey, protowire.BytesType), k)
		item = protowire.AppendBytes(protowire.AppendTag(item, itemJSON, protowire.BytesType), v)
		m = protowire.AppendBytes(protowire.AppendTag(m, 1, protowire.BytesType), item)
	}
	return m
}

// levelLog is LevelDB's format of logs: blocks, into which records are cut.
type levelLog struct {
	w   *bufio.Writer
	at  int // bytes so far
	err error
}

const logBlock, logHead = 32 << 10, 7

func (l *levelLog) put(b []byte) {
	n, err := l.w.Write(b)
	if l.at += n; l.err == nil {
		l.err = err
	}
}

// record appends one record: whole, or its first, middle and last pieces.
func (l *levelLog) record(data []byte) {
	const whole, first, middle, last = 1, 2, 3, 4
	for begun := false; ; begun = true {
		left := logBlock - l.at%logBlock
		if left < logHead {
			l.put(make([]byte, left))
			left = logBlock
		}
		n := min(len(data), left-logHead)
		kind := byte(whole)
		switch ends := n == len(data); {
		case begun && ends:
			kind = last
		case begun:
			kind = middle
		case !ends:
			kind = first
		}
		sum := crc32.Update(crc32.ChecksumIEEE([]byte{kind}), crc32.IEEETable, data[:n])
		head := binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint32(nil, sum), uint16(n))
		l.put(append(append(head, kind), data[:n]...))
		if data = data[n:]; len(data) == 0 {
			return
		}
	}
}
