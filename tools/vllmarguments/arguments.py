#!/usr/bin/env python3
"""Prints the parts of templates/vllm_arguments.yaml that are lists of facts: arguments and variables of vLLM's releases.

    arguments.py FOLDER    a folder of releases (0.8.5, 0.9.2 …), each the package vllm/ of a source distribution

Nothing is imported: fields of EngineArgs, the words of their types and the variables of envs.py are read as syntax.
"""

import ast
import pathlib
import re
import sys

WORDY = ("kv_cache_dtype", "scheduling_policy", "mamba_cache_mode", "moe_backend", "linear_backend", "attention_backend",
         "performance_mode", "prefix_caching_hash_algo", "logprobs_mode", "mm_encoder_tp_mode", "expert_placement_strategy",
         "kv_offloading_backend", "model_impl", "runner", "convert", "dcp_comm_backend")


ALSO = {"compilation_config": ["int"]}  # what code takes beside the annotation


def number(version):
    return [int(n) for n in re.findall(r"\d+", version)]


def trees(release, *names):
    for name in names:
        for path in sorted(release.glob(name)):
            yield ast.parse(path.read_text())


def fields(release):
    for tree in trees(release, "engine/arg_utils.py"):
        for node in tree.body:
            if isinstance(node, ast.ClassDef) and node.name == "EngineArgs":
                return {b.target.id: ast.unparse(b.annotation) for b in node.body if isinstance(b, ast.AnnAssign)}
    return {}


def variables(release):
    for tree in trees(release, "envs.py"):
        for node in ast.walk(tree):
            if isinstance(node, (ast.Assign, ast.AnnAssign)) and isinstance(node.value, ast.Dict):
                target = node.targets[0] if isinstance(node, ast.Assign) else node.target
                if getattr(target, "id", "") == "environment_variables":
                    return {k.value for k in node.value.keys if isinstance(k, ast.Constant) and k.value.startswith("VLLM_")}
    return set()


def literals(release):
    """Words of every Literal that has a name, and of the enumeration of attention backends."""
    found = {}
    for tree in trees(release, "config.py", "config/*.py", "**/registry.py", "platforms/interface.py"):
        for node in tree.body:
            if isinstance(node, ast.Assign) and "Literal" in ast.unparse(node.value):
                found[node.targets[0].id] = set(re.findall(r"['\"]([^'\"]+)['\"]", ast.unparse(node.value)))
            if isinstance(node, ast.ClassDef) and node.name == "AttentionBackendEnum":
                found[node.name] = {b.targets[0].id for b in node.body if isinstance(b, ast.Assign)}
    return found


def kind(annotation):
    """The types that an annotation allows, in the words of the table."""
    annotation = annotation.strip("'\"")
    if re.search(r"\bOptimizationLevel|MaxLoRARanks|BlockSize", annotation):
        return ["int"]
    kinds = []
    for part, says in (("map", r"\b[dD]ict\[|\bdict\b|Config\b|Config\w*Args|HfOverrides"),
                       ("list", r"\b[lL]ist\[|\bset\[|\btuple\[|\b[lL]ist\b"),
                       ("bool", r"\bbool\b"), ("int", r"\bint\b"), ("number", r"\bfloat\b")):
        if re.search(says, re.sub(r"(?:dict|Dict|list|List|set|tuple)\[.*\]", lambda m: m.group().split("[")[0], annotation)
                     if part in ("bool", "int", "number") else annotation):
            kinds.append(part)
    if not kinds or re.search(r"\bstr\b", re.sub(r"\[.*\]", "", annotation)) or "Literal" in annotation:
        kinds.append("text")
    return kinds


def span(have, releases):
    """since and until as the table writes them, nothing where it is the first or last that was read. A
    release that was not read counts as one that has it."""
    first, last = have[0], have[-1]
    out = []
    if number(first)[:2] != number(releases[0])[:2]:
        before = number(releases[releases.index(first) - 1])
        after = f"0.{before[1]}.{before[2] + 1}" if number(first)[:2] == before[:2] else f"0.{before[1] + 1}"
        out.append(f'since: "{after}"')
    if last != releases[-1]:
        after = number(releases[releases.index(last) + 1])
        out.append('until: "%s"' % (f"0.{after[1]}.{after[2] - 1}" if number(last)[:2] == after[:2] else f"0.{after[1] - 1}"))
    return out


def main():
    root = pathlib.Path(sys.argv[1])
    releases = sorted((p.name for p in root.iterdir() if fields(p)), key=number)
    known = {v: fields(root / v) for v in releases}
    words = {}
    for v in releases:
        for name, some in literals(root / v).items():
            words.setdefault(name, set()).update(some)
    print(f'newest: "{".".join(releases[-1].split(".")[:2])}"\narguments:')
    for name in sorted(set().union(*known.values())):
        if name.startswith("_"):
            continue
        have = [v for v in releases if name in known[v]]
        kinds = []
        for v in have:
            kinds += [k for k in kind(known[v][name]) + ALSO.get(name, []) if k not in kinds]
        row = ["type: " + "|".join(kinds)]
        takes = set().union(*(words.get(w, set()) for v in have for w in re.findall(r"\w+", known[v][name])))
        if name in WORDY and takes:
            row.append(f"words: [{', '.join(sorted(takes))}]")
        print(f"  {name}: {{{', '.join(row + span(have, releases))}}}")
    print("variables:")
    read, groups = {v: variables(root / v) for v in releases}, {}
    for name in sorted(set().union(*read.values())):
        when = ", ".join(span([v for v in releases if name in read[v]], releases))
        groups.setdefault(when, []).append(name.removeprefix("VLLM_"))
    for when, names in sorted(groups.items()):
        text, line = [], ""
        for name in names:
            if len(line) + len(name) > 110:
                text, line = [*text, line], ""
            line += name + ", "
        wrapped = "\n      ".join([*text, line])[:-2]
        print(f"  - {{{when + ', ' if when else ''}names: [{wrapped}]}}")


main()
