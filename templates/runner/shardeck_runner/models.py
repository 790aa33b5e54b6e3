"""Shapes of models, and what vLLM needs of a model that is not downloaded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from shardeck_runner.contract import VLLM, Exit, Failure, log
from shardeck_runner.experiment import Experiment
from shardeck_runner.files import write_json

MODELS = Path(__file__).with_name("models.json")  # written by `shardeck generate`
LOCAL_MODEL = ".model"  # folder of a model's config made here, inside the output directory


@dataclass(frozen=True)
class Shape:
    """What a model is made of; the words are those of models.yaml."""

    hidden: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    intermediate: int
    vocab: int
    max_len: int = 131072
    tied: bool = False  # the output head is the embedding
    qkv_bias: bool = False
    qk_norm: bool = False
    experts: int = 0  # 0: dense
    top_k: int = 0
    expert_width: int = 0
    shared: int = 0  # experts that see every token
    dense_layers: int = 0  # layers before the first with experts
    kv_rank: int = 0  # 0: no latent attention
    q_rank: int = 0
    rope_dim: int = 0
    nope_dim: int = 0
    v_dim: int = 0
    peculiar: bool = False  # it has parts that none of these words describes

    @classmethod
    def parse(cls, m: Mapping[str, Any]) -> Shape:
        """From an entry of models.json."""
        moe, mla = m.get("moe") or {}, m.get("mla") or {}
        return cls(
            hidden=m["hidden"], layers=m["layers"], heads=m["heads"], kv_heads=m["kv_heads"],
            head_dim=m["head_dim"], intermediate=m["intermediate"], vocab=m["vocab"], max_len=m.get("max_len") or 131072,
            tied=m.get("tied_embeddings", False), qkv_bias=m.get("qkv_bias", False), qk_norm=m.get("qk_norm", False),
            experts=moe.get("experts", 0), top_k=moe.get("top_k", 0), expert_width=moe.get("intermediate", 0),
            shared=moe.get("shared", 0), dense_layers=moe.get("dense_layers", 0),
            kv_rank=mla.get("kv_lora_rank", 0), q_rank=mla.get("q_lora_rank", 0), rope_dim=mla.get("rope_dim", 0),
            nope_dim=mla.get("nope_dim", 0), v_dim=mla.get("v_dim", 0),
            peculiar=any(m.get(k) for k in ("mixers", "ffns", "ssm", "plain_ffn", "norms", "attention_gate", "sinks", "quant")))


def known_models() -> list[Mapping[str, Any]]:
    """The entries of models.json; none where there is no such file."""
    try:
        return list(json.loads(MODELS.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return []


def find_model(name: str) -> Mapping[str, Any] | None:
    """The entry of models.json of a model by its name or an alias; None if there is none."""
    return next((m for m in known_models() if name in (m["name"], *(m.get("aliases") or ()))), None)


def find_shape(name: str) -> Shape | None:
    """The shape of a model; None if it is not in models.json."""
    found = find_model(name)
    return Shape.parse(found) if found else None


def shape_of(e: Experiment) -> Shape:
    """The shape of the experiment's model, at the depth it asks for."""
    shape = find_shape(e.model)
    if shape is None:
        names = ", ".join(m["name"] for m in known_models()) or "none: run shardeck generate again"
        raise Failure(Exit.CONFIG, f"model.name: engine torch does not know the shape of {e.model}; it knows {names}")
    return replace(shape, layers=e.layers or shape.layers)


def check_shape(e: Experiment, s: Shape) -> None:
    """Refuses a layout that the shape cannot be cut into; also what this engine does not do."""
    faults = {
        f"engine torch has no layers of the family of {e.model}: vllm has": s.peculiar,
        f"{s.heads} attention heads do not divide by TP = {e.tp}": s.heads % e.tp,
        f"{s.kv_heads} KV heads neither divide by TP = {e.tp} nor into it": s.kv_heads % e.tp and e.tp % s.kv_heads,
        f"a feed-forward width of {s.intermediate} does not divide by TP = {e.tp}": s.intermediate % e.tp,
        f"an expert width of {s.expert_width} does not divide by TP = {e.tp}": e.ep == 1 and s.expert_width % e.tp,
        f"{s.layers} layers are fewer than PP = {e.pp} stages": s.layers < e.pp,
        f"{e.model} has no experts for EP = {e.ep}": e.ep > 1 and not s.experts,
        f"{s.experts} experts do not divide by EP = {e.ep}": s.experts % e.ep,
        f"engine torch runs bfloat16, float16 and float32, not {e.precision}":
            e.precision not in ("bfloat16", "float16", "float32"),
        "vllm: its arguments mean nothing to engine torch": bool(e.vllm),
        f"comm.all_reduce: engine torch has NCCL only, not {e.all_reduce}": e.all_reduce not in ("auto", "nccl"),
        f"comm.all2all: engine torch has NCCL only, not {e.all2all}": e.all2all != "auto",
    }
    for fault, broken in faults.items():
        if broken:
            raise Failure(Exit.CONFIG, fault)


# Models without a download


def write_local_model(e: Experiment, out: Path) -> None:
    """For weights: dummy writes the model's config.json, as models.yaml keeps it or from its shape, so that
    nothing is fetched from the hub. A folder as model.name is taken as it is, and so is a model whose shape is unknown."""
    if e.engine != VLLM or not e.dummy_weights or Path(e.model).is_dir():
        return
    found = find_model(e.model)
    if found is None:
        log(f"the shape of {e.model} is not in models.yaml: its config is looked for in the hub cache, then on the hub")
        return
    (out / LOCAL_MODEL).mkdir(exist_ok=True)
    shape = Shape.parse(found)
    write_json(out / LOCAL_MODEL / "config.json", found.get("config") or hub_config(shape))
    for name, data in (word_tokenizer if e.load else empty_tokenizer)(shape.vocab).items():
        write_json(out / LOCAL_MODEL / name, data)


def local_model(e: Experiment, out: Path) -> str:
    """What vLLM is given as model: the folder with the config made here, else the model's name."""
    made = out / LOCAL_MODEL
    return str(made.resolve()) if (made / "config.json").exists() else e.model


def empty_tokenizer(vocabulary: int) -> dict[str, Any]:
    """Files of a tokenizer that knows no word, only how many there are. Up to 0.9 vLLM's V1 engine
    loads one whatever skip_tokenizer_init says, and refuses tokens past its last."""
    return tokenizer_of({"<unk>": 0, "<last>": vocabulary - 1})


def word_tokenizer(vocabulary: int) -> dict[str, Any]:
    """Files of a tokenizer whose tokens are words of one length without blanks, so that the length of a text tells its
    tokens exactly: newer vLLM refuses a prompt of more letters than its longest word allows."""
    digits = len(str(vocabulary - 1))
    words = {f"w{i:0{digits}}": i for i in range(1, vocabulary)}
    split = {"type": "Split", "pattern": {"Regex": f"w[0-9]{{{digits}}}"}, "behavior": "Isolated", "invert": False}
    return tokenizer_of({"<unk>": 0, **words}, split, {"type": "Fuse"})


def tokenizer_of(words: Mapping[str, int], split: Any = None, join: Any = None) -> dict[str, Any]:
    return {
        "tokenizer.json": {"version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None,
                           "pre_tokenizer": split, "post_processor": None, "decoder": join,
                           "model": {"type": "WordLevel", "vocab": words, "unk_token": "<unk>"}},
        "tokenizer_config.json": {"tokenizer_class": "PreTrainedTokenizerFast", "unk_token": "<unk>"},
    }


def hub_config(s: Shape) -> dict[str, Any]:
    """A shape in the words of a hub's config.json. What costs no time or memory is left at the
    library's defaults: positions are not scaled for long contexts, special tokens are not the model's."""
    family, architecture = model_family(s)
    config = {
        "model_type": family, "architectures": [architecture], "hidden_act": "silu", "rms_norm_eps": 1e-5,
        "hidden_size": s.hidden, "intermediate_size": s.intermediate, "num_hidden_layers": s.layers,
        "num_attention_heads": s.heads, "num_key_value_heads": s.kv_heads, "head_dim": s.head_dim,
        "vocab_size": s.vocab, "max_position_embeddings": s.max_len, "rope_theta": 500000.0,
        "tie_word_embeddings": s.tied, "bos_token_id": 0, "eos_token_id": 1,
    }
    if s.experts:
        count = {"deepseek_v2": "n_routed_experts", "mixtral": "num_local_experts"}.get(family, "num_experts")
        config.update({"num_experts_per_tok": s.top_k, "norm_topk_prob": family != "deepseek_v2", count: s.experts})
        config["intermediate_size" if family == "mixtral" else "moe_intermediate_size"] = s.expert_width
    if s.kv_rank:
        del config["head_dim"]  # in this family the word means the rotary part, which comes from qk_rope_head_dim
        config.update(kv_lora_rank=s.kv_rank, q_lora_rank=s.q_rank or None, qk_rope_head_dim=s.rope_dim,
                      qk_nope_head_dim=s.nope_dim, v_head_dim=s.v_dim, n_shared_experts=s.shared or None,
                      n_group=1, topk_group=1, first_k_dense_replace=s.dense_layers if s.experts else s.layers)
    return config


def model_family(s: Shape) -> tuple[str, str]:
    """The family whose code has these parts: transformers' model_type and vLLM's class."""
    if s.kv_rank:
        return "deepseek_v2", "DeepseekV2ForCausalLM"
    if s.qk_norm:
        return ("qwen3_moe", "Qwen3MoeForCausalLM") if s.experts else ("qwen3", "Qwen3ForCausalLM")
    if s.qkv_bias:
        return "qwen2", "Qwen2ForCausalLM"
    return ("mixtral", "MixtralForCausalLM") if s.experts else ("llama", "LlamaForCausalLM")
