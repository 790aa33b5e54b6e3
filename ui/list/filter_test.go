package list

import "testing"

func TestFilter(t *testing.T) {
	row := map[string]string{"id": "E1.3", "tp": "4", "state": "running 4:12", "model": "meta-llama/Llama-3.1-70B"}
	for text, want := range map[string]bool{
		"": true, "tp:4": true, "tp:2": false, "!tp:2": true, "!tp:4": false, "state:running": true, "state:run": false,
		"model:~70b": true, "model:70b": false, "llama": true, "!llama": false, "tp:4 model:~70b": true, "tp:4 qwen": false,
		"nokey:4": false, "tp:": true, ":": true, "E1": true, "  tp:4  ": true,
	} {
		if got := ParseFilter(text).Match(row); got != want {
			t.Errorf("%q: %v, want %v", text, got, want)
		}
	}
}

func FuzzFilter(f *testing.F) {
	f.Add("tp:4 !model:~70b state:")
	f.Fuzz(func(t *testing.T, text string) {
		ParseFilter(text).Match(map[string]string{"id": "E1.1"})
	})
}
