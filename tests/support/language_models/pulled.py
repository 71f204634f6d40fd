"""Models as Ollama's ``/api/tags`` describes them."""

from typing import Any


def pulled(name: str, *, size: int = 2_019_393_189, billions: str = "3.2B", **more: Any) -> Any:
    """Describe a model that Ollama has; ``more`` are further keys, or other values."""
    return {
        "name": name,
        "model": name,
        "modified_at": "2026-05-04T17:37:44.706015396-07:00",
        "size": size,
        "digest": "a80c4f17acd55265feec403c7aef86be0c25983ab279d83f3bcd3abbcb5b8b72",
        "details": {
            "parent_model": "",
            "format": "gguf",
            "family": "llama",
            "families": ["llama"],
            "parameter_size": billions,
            "quantization_level": "Q4_K_M",
        },
    } | more
