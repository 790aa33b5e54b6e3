"""Words shared with the Go side, and the shape of the package."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from experiments import RUNNER
from shardeck_runner.contract import STAGES, Exit, is_secret, masked

ROOT = Path(__file__).resolve().parents[2]


def test_stages_are_those_of_the_cockpit():
    text = (ROOT / "model" / "job.go").read_text(encoding="utf-8")
    assert tuple(re.findall(r'Stage\w+\s+Stage = "([^"]+)"', text)) == STAGES


def test_secrets_are_those_of_the_cockpit():
    text = (ROOT / "model" / "secret_test.go").read_text(encoding="utf-8")
    named = re.findall(r'"(\w+)": (true|false)', text)
    assert len(named) > 15
    assert {n: is_secret(n, "abc") for n, _ in named} == {n: want == "true" for n, want in named}
    forms = re.search(r"ByValue(.*?)range(.*?)IsSecret(.*?)range(.*?)IsSecret", text, re.S)
    assert forms
    assert all(is_secret("MY_VALUE", v) for v in re.findall(r'"([^"]+)"', forms[2]))
    assert not any(is_secret("MY_VALUE", v) for v in re.findall(r'"([^"]+)"', forms[4]))
    assert not any(is_secret("HF_TOKEN", v) for v in ("", "1", "true", "2048", "***"))


def test_secrets_are_masked_in_what_is_written():
    assert masked("env: {A: hf_abc, B: hf_abcd}", ["hf_abc", "hf_abcd"]) == "env: {A: ***, B: ***}"


def test_exit_codes_are_those_of_the_cockpit():
    text = (ROOT / "model" / "run.go").read_text(encoding="utf-8")
    codes = {n.upper(): int(v) for n, v in re.findall(r"\tExit(\w+)\s+= (\d+)", text)}
    assert codes == {k: v for k, v in vars(Exit).items() if k.isupper()}


# The package


def modules():
    """The lines of each module, and what it imports of its own package."""
    paths = {p.stem: p.read_text(encoding="utf-8") for p in (RUNNER / "shardeck_runner").glob("*.py")}
    found = {}
    for name, text in paths.items():
        imports = set()
        for n in ast.walk(ast.parse(text)):
            if isinstance(n, ast.ImportFrom):
                package, _, module = (n.module or "").partition(".")
                imports |= {module, *(a.name for a in n.names)} & set(paths) if package == "shardeck_runner" else set()
        found[name] = (text.count("\n"), imports)
    return found


def test_no_module_is_long():
    assert {m: lines for m, (lines, _) in modules().items() if lines > 350} == {}


def test_imports_go_in_no_circle():
    left = {m: imports for m, (_, imports) in modules().items()}
    while ready := [m for m in left if not left[m] & set(left)]:
        for m in ready:
            del left[m]
    assert left == {}


def test_only_the_reference_engine_and_the_workers_import_torch():
    for path in (RUNNER / "shardeck_runner").glob("*.py"):
        if not path.stem.startswith("torch_") and path.stem != "vllm_worker":
            assert not re.search(r"^\s*(import|from) torch", path.read_text(encoding="utf-8"), re.M), path


def test_the_page_of_the_package_names_every_module():
    text = (RUNNER / "shardeck_runner" / "__init__.py").read_text(encoding="utf-8")
    assert [m for m in modules() if m != "__init__" and not re.search(rf"\b{m}\b", text)] == []
