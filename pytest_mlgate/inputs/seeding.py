"""The same random numbers every time, and nobody else's disturbed.

A training or a test that seeds the global generators changes what every later test draws. Here they are seeded for the
length of a `with` block, and afterwards they go on as if nothing had happened.
"""

from __future__ import annotations

import os
import random
import sys
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

# What cuBLAS must be told before its first use to repeat itself:
# https://docs.nvidia.com/cuda/cublas/#results-reproducibility
_CUBLAS = "CUBLAS_WORKSPACE_CONFIG"


@contextmanager
def seeded(seed: int, *, deterministic: bool = False) -> Iterator[None]:
    """Seed python, numpy and (where it is loaded) torch, on the CPU and on CUDA; restore every state afterwards.

    Args:
        seed: any whole number from zero.
        deterministic: also make torch use only algorithms that repeat themselves, and raise where it has none.
    """
    import numpy as np

    with ExitStack() as undo:
        undo.callback(random.setstate, random.getstate())
        undo.callback(np.random.set_state, np.random.get_state())  # noqa: NPY002 - user code draws from the global one
        random.seed(seed)
        np.random.seed(seed % 2**32)  # noqa: NPY002 - same
        if "torch" in sys.modules:
            _seed_torch(seed, undo)
            if deterministic:
                _make_repeatable(undo)
        yield


def _seed_torch(seed: int, undo: ExitStack) -> None:
    import torch

    undo.callback(torch.set_rng_state, torch.get_rng_state())
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call] # torch gives it no types
        undo.callback(torch.cuda.set_rng_state_all, torch.cuda.get_rng_state_all())
    else:  # asking the devices would start CUDA; what they would have been seeded with is known without
        undo.callback(torch.cuda.manual_seed_all, torch.initial_seed())
    torch.manual_seed(seed)


def _make_repeatable(undo: ExitStack) -> None:
    import torch
    from torch.backends import cudnn

    undo.callback(
        torch.use_deterministic_algorithms,
        torch.are_deterministic_algorithms_enabled(),
        warn_only=torch.is_deterministic_algorithms_warn_only_enabled(),
    )
    undo.callback(setattr, cudnn, "benchmark", cudnn.benchmark)
    undo.callback(setattr, cudnn, "deterministic", cudnn.deterministic)
    if _CUBLAS not in os.environ:
        os.environ[_CUBLAS] = ":4096:8"
        undo.callback(os.environ.pop, _CUBLAS, None)
    torch.use_deterministic_algorithms(mode=True)
    cudnn.benchmark, cudnn.deterministic = False, True
