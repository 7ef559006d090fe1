"""Which devices there are to compute on."""

from __future__ import annotations


def why_no_cuda() -> str | None:
    """Say why nothing can run on a CUDA device here; None when something can."""
    try:
        import torch
    except ModuleNotFoundError:
        return 'torch is not installed (pip install "pytest-mlgate[torch]")'
    return None if torch.cuda.is_available() else "torch finds none on this machine"
