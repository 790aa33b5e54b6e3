package model

import "testing"

// TestSecretsByName: the same names as in the runner's test (test_contract.py).
func TestSecretsByName(t *testing.T) {
	for name, want := range map[string]bool{
		"HF_TOKEN": true, "HUGGING_FACE_HUB_TOKEN": true, "WANDB_API_KEY": true, "AWS_SECRET_ACCESS_KEY": true, "AWS_ACCESS_KEY_ID": true,
		"AWS_SESSION_TOKEN": true, "DB_PASSWORD": true, "hf_token": true, "api_key": true, "GITHUBTOKEN": true, "CLIENT_SECRET": true,
		"GITHUB_PAT": true, "DB_PASS": true, "MYSQL_PWD": true, "SENTRY_DSN": true, "PWD": false, "OLDPWD": false, "PATH": false,
		"PYTHONPATH":             false,
		"max_num_batched_tokens": false, "TOKENIZERS_PARALLELISM": false, "HF_TOKEN_PATH": false, "NCCL_IB_PKEY": false, "HF_HOME": false,
		"KEYBOARD": false, "NCCL_DEBUG": false, "tokenizer": false,
	} {
		if got := IsSecret(name, "abc"); got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	for _, value := range []string{"", "1", "0", "true", "2048", "1e3", Hidden} {
		if IsSecret("HF_HUB_DISABLE_IMPLICIT_TOKEN", value) {
			t.Errorf("%q is taken for a secret", value)
		}
	}
}

// Any name may hold a value that is a token by its form, or an address or connection string with a password in it.
func TestSecretsByValue(t *testing.T) {
	for _, value := range []string{"http://bob:word@proxy:3128", "postgres://u:p@h/db", "redis://:word@h", "hf_abcdefghijklmnopqrst",
		"sk-abcdefghijklmnopqrst",
		"ghp_abcdefghijklmnopqrst", "AKIAABCDEFGHIJKLMNOP", "eyJhbGciOi.eyJzdWIiOi.x",
		"DefaultEndpointsProtocol=https;AccountKey=abc==;", "host=h password=p"} {
		if !IsSecret("MY_VALUE", value) {
			t.Errorf("%q is written down", value)
		}
	}
	for _, value := range []string{"http://proxy:3128", "https://me@host/x", "hf_transfer", "sk-learn", "/global/cfs/hf_cache",
		"tcp://10.0.0.1:29500", "expandable_segments:True", "a@b:c"} {
		if IsSecret("MY_VALUE", value) {
			t.Errorf("%q is taken for a secret", value)
		}
	}
	if got := MaskedScript("export HTTPS_PROXY=http://bob:word@proxy:80\n"); got != "export HTTPS_PROXY=***\n" {
		t.Error(got)
	}
}

func TestSecretsAreMasked(t *testing.T) {
	e := Experiment{Env: map[string]string{"HF_TOKEN": "hf_abc", "NCCL_DEBUG": "INFO"}, VLLM: map[string]any{"hf_token": "hf_abc", "hf": 1}}
	m := e.Masked()
	if m.Env["HF_TOKEN"] != Hidden || m.VLLM["hf_token"] != Hidden || m.Env["NCCL_DEBUG"] != "INFO" || e.Env["HF_TOKEN"] != "hf_abc" {
		t.Errorf("masked %+v, left %+v", m, e)
	}
	for script, want := range map[string]string{
		"export HF_TOKEN=hf_abc\n": "export HF_TOKEN=***\n", "A_KEY='x y' B=1": "A_KEY=*** B=1",
		`export HF_TOKEN="$HF_TOKEN"`: `export HF_TOKEN="$HF_TOKEN"`,
		"HF_TOKEN=$(cat f)":           "HF_TOKEN=$(cat f)", "export HF_HOME=/x": "export HF_HOME=/x",
	} {
		if got := MaskedScript(script); got != want {
			t.Errorf("%q: %q", script, got)
		}
	}
}
