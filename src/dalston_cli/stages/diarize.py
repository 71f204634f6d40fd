"""Diarize: find who spoke when."""

from dalston_sdk.wire import DiarizeOptions, DiarizeRequest, ModelRef


def build_request(model: ModelRef, options: DiarizeOptions) -> DiarizeRequest:
    """The request that finds speaker turns."""
    return DiarizeRequest(model=model, options=options)
