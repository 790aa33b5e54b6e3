"""Shapes, and models without a download."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from experiments import experiment
from generations import abilities
from shardeck_runner import models
from shardeck_runner.contract import MEASURE, Failure
from shardeck_runner.models import Shape, check_shape, find_shape, hub_config, local_model, write_local_model
from shardeck_runner.rendezvous import Rendezvous
from shardeck_runner.vllm_arguments import build_setup

DENSE = {"name": "a/dense", "aliases": ["a/dense-it"], "hidden": 64, "layers": 4, "heads": 8, "kv_heads": 2, "head_dim": 8,
         "intermediate": 128, "vocab": 1024, "max_len": 4096}
EXPERTS = {"experts": 8, "top_k": 2, "intermediate": 32, "shared": 2, "dense_layers": 1}
LATENT = {"kv_lora_rank": 32, "q_lora_rank": 0, "rope_dim": 8, "nope_dim": 16, "v_dim": 12}


@pytest.mark.parametrize(
    ("parts", "family"),
    [
        ({}, "llama"), ({"qkv_bias": True}, "qwen2"), ({"qk_norm": True}, "qwen3"), ({"moe": EXPERTS}, "mixtral"),
        ({"moe": EXPERTS, "qk_norm": True}, "qwen3_moe"), ({"moe": EXPERTS, "mla": LATENT}, "deepseek_v2"),
    ],
)
def test_the_family_follows_from_the_parts(parts, family):
    config = hub_config(Shape.parse({**DENSE, **parts}))
    assert config["model_type"] == family
    assert (config["hidden_size"], config["num_hidden_layers"], config["vocab_size"]) == (64, 4, 1024)


def test_experts_are_named_as_their_family_names_them():
    mixtral, qwen = (hub_config(Shape.parse({**DENSE, **p})) for p in ({"moe": EXPERTS}, {"moe": EXPERTS, "qk_norm": True}))
    assert (mixtral["num_local_experts"], mixtral["intermediate_size"]) == (8, 32)
    assert (qwen["num_experts"], qwen["moe_intermediate_size"], qwen["intermediate_size"]) == (8, 32, 128)


def test_latent_attention_and_shared_experts():
    c = hub_config(Shape.parse({**DENSE, "moe": EXPERTS, "mla": LATENT}))
    assert (c["n_routed_experts"], c["n_shared_experts"], c["first_k_dense_replace"], c["num_experts_per_tok"]) == (8, 2, 1, 2)
    assert (c["kv_lora_rank"], c["q_lora_rank"], c["qk_rope_head_dim"], c["v_head_dim"]) == (32, None, 8, 12)
    assert "head_dim" not in c


def test_random_weights_need_no_hub(tmp_path, monkeypatch):
    monkeypatch.setattr(models, "find_model", lambda name: DENSE if name == "a/dense-it" else None)
    e = experiment(model__name="a/dense-it", model__weights="dummy")
    write_local_model(e, tmp_path)
    folder = local_model(e, tmp_path)
    assert json.loads((Path(folder) / "config.json").read_text(encoding="utf-8"))["hidden_size"] == 64
    words = json.loads((Path(folder) / "tokenizer.json").read_text(encoding="utf-8"))["model"]["vocab"]
    assert max(words.values()) == 1023  # the last token that a prompt may hold
    s = build_setup(e, abilities("coordinates"), Rendezvous(), MEASURE, "/t", False, folder)
    assert s.arguments["model"] == folder


def test_random_weights_take_the_config_that_is_kept(tmp_path, monkeypatch):
    config = {"model_type": "jamba", "hidden_size": 64, "attn_layer_period": 8}
    monkeypatch.setattr(models, "find_model", lambda name: {**DENSE, "config": config})
    write_local_model(experiment(model__weights="dummy"), tmp_path)
    assert json.loads((tmp_path / ".model" / "config.json").read_text(encoding="utf-8")) == config


@pytest.mark.parametrize("part", [{"mixers": "mmma"}, {"ssm": {"conv": 4}}, {"quant": {"method": "fp8"}}, {"norms": 4}])
def test_the_reference_engine_refuses_what_it_has_no_layers_for(part):
    with pytest.raises(Failure, match="no layers of the family"):
        check_shape(experiment(), Shape.parse({**DENSE, **part}))


@pytest.mark.parametrize("changes", [{"model__weights": "auto"}, {"model__name": "b/unknown", "model__weights": "dummy"}])
def test_otherwise_the_model_is_the_hubs(tmp_path, monkeypatch, changes):
    monkeypatch.setattr(models, "find_model", lambda name: None if name == "b/unknown" else DENSE)
    e = experiment(**changes)
    write_local_model(e, tmp_path)
    assert local_model(e, tmp_path) == e.model


def test_shapes_are_read_from_the_file_beside_the_modules(tmp_path, monkeypatch):
    monkeypatch.setattr(models, "MODELS", tmp_path / "models.json")
    models.MODELS.write_text(json.dumps([DENSE]), encoding="utf-8")
    assert find_shape("a/dense-it") == Shape.parse(DENSE)
    assert find_shape("a/other") is None
    models.MODELS.unlink()
    assert find_shape("a/dense") is None
