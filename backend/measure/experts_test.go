package measure

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"shardeck/model"
)

// The counts that a runner wrote are read for the X-ray; what cannot be read is told, and where there are none nothing is.
func TestExpertsOfARun(t *testing.T) {
	run := model.Run{Dir: t.TempDir()}
	if all, told := expertBalance(run); all != nil || told != nil {
		t.Errorf("of a run without counts: %v, %v", all, told)
	}
	for _, name := range []string{"experts_0.json", "experts_1.json"} {
		text, err := os.ReadFile(filepath.Join("../../model/experts/testdata", name))
		if err == nil {
			err = os.WriteFile(filepath.Join(run.Dir, name), text, 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	all, told := expertBalance(run)
	if len(all) != 2 || told != nil || all[0].Phase != "decode" || all[0].Imbalance < 1 {
		t.Errorf("%+v, %v", all, told)
	}
	if err := os.WriteFile(filepath.Join(run.Dir, "experts_1.json"), []byte(`{"experts": 2`), 0o600); err != nil {
		t.Fatal(err)
	}
	if all, told = expertBalance(run); all != nil || len(told) != 1 || !strings.HasPrefix(told[0], "experts_1.json: ") {
		t.Errorf("damaged: %v, %v", all, told)
	}
}
