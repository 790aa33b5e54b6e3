package model

import (
	"testing"

	"gopkg.in/yaml.v3"
)

func TestAutoInt(t *testing.T) {
	for in, want := range map[string]AutoInt{"auto": Auto, "3": 3, "1": 1} {
		var got AutoInt
		if err := yaml.Unmarshal([]byte(in), &got); err != nil || got != want {
			t.Errorf("%s: %v, %v", in, got, err)
		}
		if out, err := yaml.Marshal(got); err != nil || string(out) != in+"\n" {
			t.Errorf("%s comes back as %q, %v", in, out, err)
		}
	}
	for _, in := range []string{"0", "-1", "often", "1.5", "[]", "99999999999999999999"} {
		got := AutoInt(7)
		if err := yaml.Unmarshal([]byte(in), &got); err == nil {
			t.Errorf("%s is taken as %v", in, got)
		}
	}
}
