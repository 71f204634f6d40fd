"""A Parakeet of half a megabyte for flite's voices, and a sentence that it recognises."""

MODEL = "tiny-onnx"
RUNTIME_ID = "nemo-parakeet-tdt-0.6b-v2"
"""The library's name of an English model."""
SENTENCE = "please send the letter to alice on monday"
ENTRY = {
    "id": MODEL,
    "engine": "onnx-asr",
    "runtime_model_id": RUNTIME_ID,
    "stages": ["transcribe"],
    "name": "A tiny recogniser that knows flite's voices",
    "languages": ["en"],
    "licence": "Apache-2.0",
    "source": {
        "kind": "hf",
        "repo": "test/tiny-onnx",
        "revision": "main",
        "files": ["config.json", "vocab.txt", "*.onnx"],
    },
    "size_mb": 1,
    "rank": 5,
    "capabilities": {"word_timestamps": True},
}
