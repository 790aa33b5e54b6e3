package page

import "testing"

// TestHide takes out what tells whom or where it is of, and leaves units, layouts, kernels and files of ours.
func TestHide(t *testing.T) {
	n := Names{Words: []string{"alice", "m1234", "nid001234-hsn0", "Zoë", "al", "root"},
		Files: map[string]string{"nid001234_alice_77.pt.trace.json": "kineto file 3"}}
	for text, want := range map[string]string{
		"tokens / s of a GPU, 3 tok/s, GB/s, (max − min)/median, TP2/PP2, 1/tpot": "tokens / s of a GPU, 3 tok/s, GB/s, (max − " +
			"min)/median, TP2/PP2, 1/tpot",
		"/pscratch/sd/b/bob/run/kineto_trace_0.json: cut":                        "kineto_trace_0.json: cut",
		"open /global/homes/a/alice/x y.json: no such file":                      "open " + Left + " y.json: no such file",
		"see ~/runs/x, $HOME/y and ../../z.":                                     "see " + Left + ", " + Left + " and " + Left + ".",
		"model=/srv/m/Llama, --cache '/tmp/a b'":                                 "model=" + Left + ", --cache '" + Left + " b'",
		"trace_collection/alice/kineto_trace_1.json.gz: damaged":                 "kineto_trace_1.json.gz: damaged",
		"by alice@lbl.gov on login07.perlmutter.nersc.gov (10.1.2.3), nid002345": "by " + Left + " on " + Left + " (" + Left + "), " + Left,
		"Alice's alice_run, alice alice; malice m1234_g": Left + "'s " + Left + "_run, " + Left + " " +
			Left + "; malice " + Left + "_g",
		"nid001234_alice_77.pt.trace.json: 2 kernels":                      "kineto file 3: 2 kernels",
		"on gpu-a100-03 from fe80::1ff:fe23:4567:890a, c10::add, 12:30:45": "on " + Left + " from " + Left + ", c10::add, 12:30:45",
		"serve --api-key sk-abcdef123456 --max-tokens 12345678":            "serve --api-key " + Left + " --max-tokens 12345678",
		"Zoë’s GPU, al, root":                                              Left + "’s GPU, al, root",
		`C:\Users\eve\x.json and \\server\share\y`:                         Left + " and " + Left,
		"s3://bucket/eve/x, file:///home/eve":                              Left + ", " + Left,
		"void at::native::vectorized_elementwise_kernel<4, float>(int, float)": "void " +
			"at::native::vectorized_elementwise_kernel<4, float>(int, float)",
		"meta-llama/Llama-3.1-8B · 2048+512 · vllm": "meta-llama/Llama-3.1-8B · 2048+512 · vllm",
	} {
		if got := n.Hide(text); got != want {
			t.Errorf("%q\n got %q\nwant %q", text, got, want)
		}
		if again := n.Hide(want); again != want {
			t.Errorf("%q is hidden again: %q", want, again)
		}
	}
}

// TestWithout is the same each time, of names that are alike without what is left out too.
func TestWithout(t *testing.T) {
	parts := map[string][]int{"/home/alice/a": {1}, "/home/alice/b": {2}, "/home/alice/c": {3}}
	p := Page{Sections: []Section{{Strips: []Strip{{Parts: parts}}}}}
	for range 20 {
		out, err := p.Without(Names{})
		if got := out.Sections[0].Strips[0].Parts; err != nil || len(got) != 3 || got[Left][0] != 1 || got[Left+" 3"][0] != 3 {
			t.Fatal(got, err)
		}
	}
}
