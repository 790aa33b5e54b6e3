package slurm

import (
	"os"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"shardeck/model"
)

func reservations(t testing.TB) string {
	text, err := os.ReadFile("testdata/reservations-22.05.txt")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestParseReservations(t *testing.T) {
	at := func(hour int) time.Time { return time.Date(2026, 11, 30, hour, 33, 34, 0, time.UTC) }
	want := []model.Reservation{
		{Name: "maint1", Start: at(15), End: at(16), Nodes: "nid[001000-001003,004000-004001]", Count: 6, Maintenance: true},
		{Name: "cl ass", Start: at(18), End: at(19), Nodes: "nid001000", Count: 1},
	}
	if d := cmp.Diff(want, parseReservations(reservations(t), time.UTC)); d != "" {
		t.Error(d)
	}
	if got := parseReservations("No reservations in the system\n", time.UTC); len(got) != 0 {
		t.Errorf("of none: %+v", got)
	}
}

// TestRankOfNone: what sprio does not list has no place.
func TestRankOfNone(t *testing.T) {
	for _, text := range []string{"", "sprio: error", recorded(t, "22.05")["answers.sprio"]} {
		if r, ok := rankOf(text, "99"); ok {
			t.Errorf("of a job that is not there: %+v", r)
		}
	}
}

// TestRankRefused: a site that does not let users ask says nothing.
func TestRankRefused(t *testing.T) {
	s, _ := fake(t, Options{}, map[string]string{"sprio": "echo 'slurm_load_job_prio: Access/permission denied' >&2; exit 1"})
	if r, ok := s.Rank(t.Context(), model.Job{ID: "39"}); ok {
		t.Errorf("%+v", r)
	}
}

func FuzzReservations(f *testing.F) {
	f.Add(reservations(f))
	f.Fuzz(func(t *testing.T, text string) {
		for _, r := range parseReservations(text, time.UTC) {
			if r.Name == "" || r.Start.IsZero() || model.Printable(r.Name+r.Nodes) != r.Name+r.Nodes {
				t.Errorf("%+v", r)
			}
		}
	})
}

func FuzzRank(f *testing.F) {
	f.Add(recorded(f, "22.05")["answers.sprio"], "12")
	f.Fuzz(func(t *testing.T, text, id string) {
		if r, ok := rankOf(text, id); ok && (r.Place < 1 || r.Place > r.Of) {
			t.Errorf("%+v", r)
		}
	})
}
