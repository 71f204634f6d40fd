"""Makes a tiny bundle: python tiny.py OUT WHISPER ALIGNER; run by the engine's own interpreter.

``OUT`` is a copy of WHISPER with more in it: ``OUT/align/en`` is a copy of ALIGNER,
``OUT/align/ja`` has random weights, and so has the embedding model of the pipeline
``OUT/diarization``, whose segmentation model is the real one that comes with WhisperX.
"""
# ruff: noqa: E402 - the libraries are imported after their settings

import json
import shutil
import sys
from pathlib import Path

from library_settings import configure_libraries

from dalston_sdk.torch_device import import_torchaudio

configure_libraries()
import_torchaudio()

import lightning
import numpy as np
import torch
import whisperx
from pyannote.audio.core.task import Problem, Resolution, Specifications
from pyannote.audio.models.embedding import XVectorSincNet
from transformers import (
    Wav2Vec2Config,
    Wav2Vec2CTCTokenizer,
    Wav2Vec2FeatureExtractor,
    Wav2Vec2ForCTC,
    Wav2Vec2Processor,
)

LETTERS = "あいうえおかきくけこさしすせそ"
DIMENSION, REDUCED = 256, 128
PIPELINE = """\
dependencies:
  pyannote.audio: 4.0.0
pipeline:
  name: pyannote.audio.pipelines.SpeakerDiarization
  params:
    clustering: AgglomerativeClustering
    segmentation: $model/segmentation
    segmentation_batch_size: 8
    embedding: $model/embedding
    embedding_batch_size: 8
    embedding_exclude_overlap: true
    plda: $model/plda
params:
  clustering: {method: centroid, min_cluster_size: 2, threshold: 0.05}
  segmentation: {threshold: 0.5, min_duration_off: 0.0}
"""


def make_aligner(out: Path, letters: str) -> None:
    """Make a wav2vec2 model with two layers, in the layout of the hub."""
    out.mkdir(parents=True)
    vocabulary = ["<pad>", "<s>", "</s>", "<unk>", "|", *letters]
    (out / "vocab.json").write_text(json.dumps({one: i for i, one in enumerate(vocabulary)}))
    tokenizer = Wav2Vec2CTCTokenizer(
        str(out / "vocab.json"), unk_token="<unk>", pad_token="<pad>", word_delimiter_token="|"
    )
    extractor = Wav2Vec2FeatureExtractor(
        feature_size=1, sampling_rate=16_000, padding_value=0.0, return_attention_mask=False
    )
    Wav2Vec2Processor(feature_extractor=extractor, tokenizer=tokenizer).save_pretrained(out)
    config = Wav2Vec2Config(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        conv_dim=(32,) * 7,
        num_conv_pos_embeddings=16,
        num_conv_pos_embedding_groups=2,
        pad_token_id=0,
    )
    torch.manual_seed(0)
    Wav2Vec2ForCTC(config).save_pretrained(out)


def make_diarization(out: Path) -> None:
    """Make a pipeline in the layout of pyannote's community-1."""
    for part in ("segmentation", "embedding", "plda"):
        (out / part).mkdir(parents=True)
    (out / "config.yaml").write_text(PIPELINE)
    shutil.copy(
        Path(whisperx.__file__).parent / "assets" / "pytorch_model.bin", out / "segmentation"
    )
    torch.manual_seed(0)
    voices = XVectorSincNet(dimension=DIMENSION)
    voices.specifications = Specifications(
        problem=Problem.REPRESENTATION, resolution=Resolution.CHUNK, duration=5.0
    )
    voices.eval()
    checkpoint = {
        "state_dict": voices.state_dict(),
        "hyper_parameters": dict(voices.hparams),
        "hparams_name": "kwargs",
        "pytorch-lightning_version": lightning.__version__,
        "epoch": 0,
        "global_step": 0,
    }
    voices.on_save_checkpoint(checkpoint)
    torch.save(checkpoint, out / "embedding" / "pytorch_model.bin")
    numbers = np.random.default_rng(0)
    np.savez(
        out / "plda" / "xvec_transform.npz",
        mean1=np.zeros(DIMENSION),
        mean2=np.zeros(REDUCED),
        lda=np.linalg.qr(numbers.normal(size=(DIMENSION, REDUCED)))[0],
    )
    np.savez(
        out / "plda" / "plda.npz",
        mu=np.zeros(REDUCED),
        tr=np.linalg.qr(numbers.normal(size=(REDUCED, REDUCED)))[0],
        psi=np.sort(numbers.uniform(0.5, 5, REDUCED))[::-1],
    )


if __name__ == "__main__":
    place, whisper, aligner = map(Path, sys.argv[1:])
    weights_alone = shutil.ignore_patterns("training")
    shutil.copytree(whisper, place, ignore=weights_alone)
    shutil.copytree(aligner, place / "align" / "en", ignore=weights_alone)
    make_aligner(place / "align" / "ja", LETTERS)
    make_diarization(place / "diarization")
