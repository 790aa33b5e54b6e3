package forecast_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"reflect"
	"slices"
	"testing"
	"time"

	"shardeck/backend/app/apptest"
	laws "shardeck/model/forecast"
)

var update = flag.Bool("update", false, "write templates/demo/laws.json.gz anew")

const recordedRuns = "../../templates/demo/laws.json.gz"

// What replays are forecast from is what the laws take of the recordings, no less and no more.
func TestRecordedRuns(t *testing.T) {
	b := apptest.New(t)
	fitted, err := b.Fit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	runs := slices.Clone(fitted.Runs)
	slices.SortFunc(runs, func(a, b laws.Run) int { return bytes.Compare([]byte(a.Name), []byte(b.Name)) })
	for i := range runs {
		runs[i].At = time.Time{} // when the demo was laid out
	}
	want, err := json.Marshal(runs)
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		var packed bytes.Buffer
		w, _ := gzip.NewWriterLevel(&packed, gzip.BestCompression)
		_, err := w.Write(want)
		if err := errors.Join(err, w.Close(), os.WriteFile(recordedRuns, packed.Bytes(), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(recordedRuns)
	if err != nil {
		t.Fatal(err)
	}
	var got []laws.Run
	r, err := gzip.NewReader(bytes.NewReader(text))
	if err == nil {
		err = json.NewDecoder(r).Decode(&got)
	}
	if again, _ := json.Marshal(got); err != nil || !bytes.Equal(again, want) {
		t.Errorf("%s is not what the recordings say (%v): go test ./backend/forecast -run RecordedRuns -update", recordedRuns, err)
	}
}

// A forecast that was played is in no fit, and scores nothing.
func TestForecastsAreNotFitted(t *testing.T) {
	b := apptest.New(t)
	before, err := b.Fit(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	dir := b.Path("trace_collection/x")
	if err := os.CopyFS(dir, os.DirFS(b.Path("trace_collection/tp2-b4-s512"))); err != nil {
		t.Fatal(err)
	}
	if all, _ := b.Fit(t.Context()); len(all.Runs) != len(before.Runs)+1 {
		t.Fatal("a recording is not fitted: this test tells nothing")
	}
	info, err := os.ReadFile(dir + "/run.json")
	info = bytes.Replace(info, []byte("{"), []byte(`{"forecast": {"level": 0.8, "intervals": {"ttft": [1, 2]}, "rests_on": []},`), 1)
	if err := errors.Join(err, os.WriteFile(dir+"/run.json", info, 0o644), os.Rename(dir, dir+"2")); err != nil {
		t.Fatal(err)
	}
	after, err := b.Fit(t.Context())
	if err != nil || !slices.EqualFunc(after.Runs, before.Runs, func(x, y laws.Run) bool { return x.Name == y.Name }) {
		t.Errorf("%d runs are fitted, %d were: %v", len(after.Runs), len(before.Runs), err)
	}
	if !reflect.DeepEqual(after.Constants(), before.Constants()) {
		t.Error("the laws are others")
	}
}
