"""Shared pieces: tokenizer, model (parameter names = HF Whisper), log-mel."""

import math

import lexicon
import torch
import torch.nn.functional as F
from torch import nn

LANGS = ["en", "de", "fr", "es"]
D, HEADS, FFN, ENC, DEC, NPOS, NTXT = 128, 4, 512, 3, 2, 1500, 448
PHONES = ["pau"] + [
    "aa",
    "ae",
    "ah",
    "ao",
    "aw",
    "ax",
    "axr",
    "ay",
    "b",
    "ch",
    "d",
    "dh",
    "eh",
    "er",
    "ey",
    "f",
    "g",
    "hh",
    "ih",
    "iy",
    "jh",
    "k",
    "l",
    "m",
    "n",
    "ng",
    "ow",
    "oy",
    "p",
    "r",
    "s",
    "sh",
    "t",
    "th",
    "uh",
    "uw",
    "v",
    "w",
    "y",
    "z",
    "zh",
]


def bytes_to_unicode():
    bs = list(range(33, 127)) + list(range(161, 173)) + list(range(174, 256))
    cs, n = bs[:], 0
    for b in range(256):
        if b not in bs:
            bs.append(b)
            cs.append(256 + n)
            n += 1
    return dict(zip(bs, map(chr, cs)))


def token_list():
    b2u = bytes_to_unicode()
    base = [b2u[b] for b in sorted(b2u)]
    base += [p.replace(" ", b2u[32]) for p in lexicon.word_pieces() if len(p) > 1] + [
        ""
    ]  # "" marks "multilingual" for CTranslate2
    base = list(dict.fromkeys(base))
    spec = (
        ["<|endoftext|>", "<|startoftranscript|>"]
        + [f"<|{l}|>" for l in LANGS]
        + [
            "<|translate|>",
            "<|transcribe|>",
            "<|startoflm|>",
            "<|startofprev|>",
            "<|nospeech|>",
            "<|notimestamps|>",
        ]
    )
    return base, spec, [f"<|{i * 0.02:.2f}|>" for i in range(1501)]


BASE, SPEC, STAMPS = token_list()
ID = {t: i for i, t in enumerate(BASE + SPEC + STAMPS)}
EOT, SOT, EN, TRANSCRIBE, PREV, NOSPEECH, NOTS = (
    ID[t]
    for t in (
        "<|endoftext|>",
        "<|startoftranscript|>",
        "<|en|>",
        "<|transcribe|>",
        "<|startofprev|>",
        "<|nospeech|>",
        "<|notimestamps|>",
    )
)
TS0, V = ID["<|0.00|>"], len(ID)
WORD = {p: ID[p.replace(" ", "\u0120")] for p in lexicon.word_pieces()}


def build_tokenizer():
    from tokenizers import AddedToken, Tokenizer, decoders, pre_tokenizers, processors
    from tokenizers.models import BPE

    tk = Tokenizer(BPE(vocab={t: i for i, t in enumerate(BASE)}, merges=[], ignore_merges=True))
    tk.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tk.decoder = decoders.ByteLevel()
    tk.post_processor = processors.ByteLevel(trim_offsets=False)
    tk.add_special_tokens([AddedToken(t, special=True) for t in SPEC])
    tk.add_tokens([AddedToken(t, special=False) for t in STAMPS])
    return tk


def sinusoids(n, d=D):
    inc = math.log(10000) / (d // 2 - 1)
    s = torch.arange(n)[:, None] * torch.exp(-inc * torch.arange(d // 2))[None]
    return torch.cat([s.sin(), s.cos()], 1)


class Attn(nn.Module):
    def __init__(s):
        super().__init__()
        s.q_proj, s.k_proj, s.v_proj, s.out_proj = (
            nn.Linear(D, D),
            nn.Linear(D, D, bias=False),
            nn.Linear(D, D),
            nn.Linear(D, D),
        )

    def forward(s, x, kv, causal=False, weights=False):
        B, T, _ = x.shape
        h = lambda y: y.view(B, -1, HEADS, D // HEADS).transpose(1, 2)
        q, k, v = h(s.q_proj(x)), h(s.k_proj(kv)), h(s.v_proj(kv))
        if weights:
            w = (q @ k.transpose(2, 3) / math.sqrt(D // HEADS)).float().softmax(-1)
            o = w @ v
        else:
            w, o = None, F.scaled_dot_product_attention(q, k, v, is_causal=causal)
        return s.out_proj(o.transpose(1, 2).reshape(B, T, D)), w


class Layer(nn.Module):
    def __init__(s, cross):
        super().__init__()
        s.self_attn, s.self_attn_layer_norm, s.cross = Attn(), nn.LayerNorm(D), cross
        if cross:
            s.encoder_attn, s.encoder_attn_layer_norm = Attn(), nn.LayerNorm(D)
        s.fc1, s.fc2, s.final_layer_norm = nn.Linear(D, FFN), nn.Linear(FFN, D), nn.LayerNorm(D)

    def forward(s, x, enc=None, drop=0.0):
        d = lambda y: F.dropout(y, drop, s.training)
        h = s.self_attn_layer_norm(x)
        x = x + d(s.self_attn(h, h, causal=s.cross)[0])
        w = None
        if s.cross:
            y, w = s.encoder_attn(s.encoder_attn_layer_norm(x), enc, weights=True)
            x = x + d(y)
        return x + d(s.fc2(F.gelu(s.fc1(s.final_layer_norm(x))))), w


class Encoder(nn.Module):
    def __init__(s):
        super().__init__()
        s.conv1, s.conv2 = nn.Conv1d(80, D, 3, padding=1), nn.Conv1d(D, D, 3, stride=2, padding=1)
        s.embed_positions = nn.Embedding(NPOS, D)
        s.embed_positions.weight = nn.Parameter(sinusoids(NPOS), requires_grad=False)
        s.layers = nn.ModuleList([Layer(False) for _ in range(ENC)])
        s.layer_norm = nn.LayerNorm(D)

    def forward(s, mel, drop=0.0):
        x = F.gelu(s.conv2(F.gelu(s.conv1(mel)))).transpose(1, 2)
        x = x + s.embed_positions.weight[: x.shape[1]]
        for l in s.layers:
            x, _ = l(x, drop=drop)
        return s.layer_norm(x)


class Decoder(nn.Module):
    def __init__(s):
        super().__init__()
        s.embed_tokens, s.embed_positions = nn.Embedding(V, D), nn.Embedding(NTXT, D)
        nn.init.normal_(s.embed_tokens.weight, std=0.05)
        nn.init.normal_(s.embed_positions.weight, std=0.02)
        with torch.no_grad():
            s.embed_tokens.weight[TS0:] = (
                sinusoids(1501) * 0.1
            )  # timestamps start as encoder positions
        s.layers = nn.ModuleList([Layer(True) for _ in range(DEC)])
        s.layer_norm = nn.LayerNorm(D)

    def forward(s, ids, enc, drop=0.0):
        x = s.embed_tokens(ids) + s.embed_positions.weight[: ids.shape[1]]
        ws = []
        for l in s.layers:
            x, w = l(x, enc, drop)
            ws.append(w)
        return s.layer_norm(x) @ s.embed_tokens.weight.T, ws


class Whisper(nn.Module):
    def __init__(s):
        super().__init__()
        s.encoder, s.decoder = Encoder(), Decoder()
        s.phone = nn.Linear(D, len(PHONES))  # training only

    def hf_state(s):
        sd = {"model." + k: v for k, v in s.state_dict().items() if not k.startswith("phone")}
        sd["proj_out.weight"] = sd["model.decoder.embed_tokens.weight"]
        return sd


_MEL = None


def logmel(x, floor_up=0.0):
    """x: float tensor [n] -> [80, n // 160], faster-whisper/OpenAI semantics (centre-padded STFT, max - 8 floor)"""
    global _MEL
    if _MEL is None:
        from transformers import WhisperFeatureExtractor

        _MEL = (
            torch.tensor(WhisperFeatureExtractor().mel_filters.T, dtype=torch.float32),
            torch.hann_window(400),
        )
    p = torch.stft(x, 400, 160, window=_MEL[1], return_complex=True)[:, :-1].abs() ** 2
    m = (_MEL[0] @ p).clamp(min=1e-10).log10()
    return (torch.maximum(m, m.max() + floor_up - 8.0) + 4) / 4


def save_hf(model, out, heads):
    from pathlib import Path

    from transformers import (
        GenerationConfig,
        WhisperConfig,
        WhisperFeatureExtractor,
        WhisperForConditionalGeneration,
        WhisperTokenizerFast,
    )

    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    cfg = WhisperConfig(
        vocab_size=V,
        num_mel_bins=80,
        d_model=D,
        encoder_layers=ENC,
        decoder_layers=DEC,
        encoder_attention_heads=HEADS,
        decoder_attention_heads=HEADS,
        encoder_ffn_dim=FFN,
        decoder_ffn_dim=FFN,
        max_source_positions=NPOS,
        max_target_positions=NTXT,
        pad_token_id=EOT,
        bos_token_id=EOT,
        eos_token_id=EOT,
        decoder_start_token_id=SOT,
        suppress_tokens=None,
        begin_suppress_tokens=None,
    )
    m = WhisperForConditionalGeneration(cfg).eval()
    miss = m.load_state_dict(model.hf_state(), strict=True)
    assert not miss.missing_keys
    m.generation_config = GenerationConfig(
        decoder_start_token_id=SOT,
        bos_token_id=EOT,
        eos_token_id=EOT,
        pad_token_id=EOT,
        max_length=NTXT,
        suppress_tokens=[],
        begin_suppress_tokens=[ID["\u0120"], EOT],
        is_multilingual=True,
        no_timestamps_token_id=NOTS,
        lang_to_id={f"<|{l}|>": ID[f"<|{l}|>"] for l in LANGS},
        task_to_id={"transcribe": TRANSCRIBE, "translate": ID["<|translate|>"]},
        alignment_heads=heads,
    )
    m.save_pretrained(out)
    WhisperFeatureExtractor(feature_size=80).save_pretrained(out)
    tk = build_tokenizer()
    WhisperTokenizerFast(
        tokenizer_object=tk,
        bos_token="<|endoftext|>",
        eos_token="<|endoftext|>",
        unk_token="<|endoftext|>",
        pad_token="<|endoftext|>",
        additional_special_tokens=SPEC[1:],
    ).save_pretrained(out)
    tk.save(str(out / "tokenizer.json"))
