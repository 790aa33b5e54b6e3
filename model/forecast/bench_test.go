package forecast

import "testing"

// BenchmarkThousandConfigs fits the laws to nine runs and forecasts a thousand configs: what a suggestion does. It is to take no more
// than 0.2 s.
func BenchmarkThousandConfigs(b *testing.B) {
	runs := tp1Runs(b, "torch")
	for b.Loop() {
		l := Fit(table(), nil, runs)
		for i := range 1000 {
			l.Forecast(config("torch", 1+i%2, 1+i%200, 512+i, 64), false)
		}
	}
}

func BenchmarkThousandConfigsInChunks(b *testing.B) {
	runs := tp1Runs(b, "vllm")
	for b.Loop() {
		l := Fit(table(), nil, runs)
		for i := range 1000 {
			l.Forecast(config("vllm", 1+i%2, 1+i%200, 512+i, 64), false)
		}
	}
}
