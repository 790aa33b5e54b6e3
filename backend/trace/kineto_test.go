package trace

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// sameAsReference holds a reading against the plain one, field by field.
func sameAsReference(t *testing.T, got, want *Rank) {
	t.Helper()
	if len(got.Damage) != 0 {
		t.Errorf("damage in a sound file: %+v", got.Damage)
	}
	if d := cmp.Diff(want.Info, got.Info); d != "" {
		t.Errorf("info (-reference +scanner):\n%s", d)
	}
	for _, c := range []struct {
		what      string
		want, got any
	}{{"names", want.Names, got.Names}, {"colls", want.Colls, got.Colls}, {"marks", want.Marks, got.Marks}} {
		if d := cmp.Diff(c.want, c.got); d != "" {
			t.Errorf("%s (-reference +scanner):\n%.2000s", c.what, d)
		}
	}
	if len(got.Records) != len(want.Records) {
		t.Fatalf("%d records, the reference has %d", len(got.Records), len(want.Records))
	}
	for i, r := range got.Records {
		if r != want.Records[i] {
			t.Fatalf("record %d: %+v, the reference has %+v", i, r, want.Records[i])
		}
	}
}

func TestScannerAgreesOnGivenFolder(t *testing.T) {
	dir := os.Getenv("SHARDECK_TRACES")
	if dir == "" {
		t.Skip("SHARDECK_TRACES names no folder of traces")
	}
	files, _ := filepath.Glob(filepath.Join(dir, "*", "kineto*"))
	for _, f := range files {
		t.Run(filepath.Base(filepath.Dir(f))+"/"+filepath.Base(f), func(t *testing.T) {
			got, err := OpenKineto(context.Background(), f, nil)
			if err != nil {
				t.Fatal(err)
			}
			sameAsReference(t, got, readReference(t, readText(t, f)))
		})
	}
}
