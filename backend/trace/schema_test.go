package trace

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
)

// TestTimingSchema: docs/schema promises no key of a timing file that we do not read,
// and we read none that it does not name; least, most and mean of the iterations follow
// from their list.
func TestTimingSchema(t *testing.T) {
	text, err := os.ReadFile("../../docs/schema/timing_stats.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var schema struct{ Properties map[string]any }
	if err := json.Unmarshal(text, &schema); err != nil {
		t.Fatal(err)
	}
	for key := range schema.Properties {
		if timingFields[key] == nil && tokenFields[key] == nil && !strings.HasSuffix(key, "_iteration_time") {
			t.Errorf("%s is in the schema and nobody reads it", key)
		}
	}
	for _, table := range []map[string]func(*Timing, []float64){timingFields, tokenFields} {
		for key := range table {
			if schema.Properties[key] == nil {
				t.Errorf("%s is read and not in the schema", key)
			}
		}
	}
}
