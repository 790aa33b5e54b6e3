"""Doubles of `vllm serve` and `vllm bench serve`. Environment variables make them fail: DOUBLE_SERVE=oom|silent,
DOUBLE_BENCH=none (the module is not there)|half (a request fails)|all (every one does)|cut (its file is half), of the
load that DOUBLE_BENCH_AT names by its requests, or of all."""

from __future__ import annotations

import json
import os
import pathlib
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer

OPTIONS = ("dataset-name random-input-len random-output-len num-prompts seed percentile-metrics metric-percentiles request-rate "
           "host port model save-result result-dir result-filename ignore-eos disable-tqdm goodput burstiness max-concurrency "
           "temperature save-detailed trust-remote-code").split()
PLAIN = {"save-result", "ignore-eos", "disable-tqdm", "save-detailed", "trust-remote-code"}


def add_cli_args(parser):
    for name in OPTIONS:
        parser.add_argument(f"--{name}", **({"action": "store_true"} if name in PLAIN else {"nargs": "+"}))


def serve(words):
    given = dict(zip(words, words[1:]))
    if os.environ.get("DOUBLE_SERVE") == "oom":
        print("(EngineCore_0 pid=7) torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB.", file=sys.stderr)
        sys.exit(1)
    print("serve:", json.dumps(words), flush=True)
    ranks = int(given["--tensor-parallel-size"]) * int(given.get("--data-parallel-size", 1))

    class Handler(BaseHTTPRequestHandler):
        def answer(self, code, body):
            self.send_response(code)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def do_GET(self):
            self.answer(200 if self.path == "/health" else 404, {})

        def do_POST(self):
            if os.environ.get("DOUBLE_SERVE") == "silent" or os.environ.get("VLLM_SERVER_DEV_MODE") != "1":
                return self.answer(404, {})
            self.answer(200, {"results": [{"rank": r, "host": "node1", "gpu": "NVIDIA A100-SXM4-40GB", "nccl": "2.27.3",
                                           "engine": {"max_num_seqs": 256}} for r in reversed(range(ranks))]})

        def log_message(self, *_):
            pass

    HTTPServer(("127.0.0.1", int(given["--port"])), Handler).serve_forever()


def bench(words):
    import argparse

    parser = argparse.ArgumentParser()
    add_cli_args(parser)
    a = parser.parse_args(words)
    print("bench:", json.dumps(words), flush=True)
    n, tokens = int(a.num_prompts[0]), int(a.random_output_len[0])
    how = os.environ.get("DOUBLE_BENCH", "")
    if os.environ.get("DOUBLE_BENCH_AT", str(n)) != str(n) or not a.save_result:
        how = ""
    bad = {"half": 1, "all": n}.get(how, 0)
    done = n - bad
    result = {"duration": 2.0, "completed": done, "failed": bad, "total_input_tokens": done * int(a.random_input_len[0]),
              "total_output_tokens": done * tokens, "ttfts": [0.01] * done + [0.0] * bad,
              "itls": [[0.002] * (tokens - 1)] * done + [[]] * bad, "input_lens": [int(a.random_input_len[0])] * n,
              "output_lens": [tokens] * done + [0] * bad, "errors": [""] * done + ["Bad Request"] * bad}
    if a.save_result:
        text = json.dumps(result)
        (pathlib.Path(a.result_dir[0]) / a.result_filename[0]).write_text(text[:len(text) // 2] if how == "cut" else text)


def main():
    words = sys.argv[1:]
    serve(words[1:]) if words[0] == "serve" else bench(words[2:])
