"""What stands behind the fixtures that the plugin offers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pytest_mlgate.inputs.training import TrainedModel


def require_gpu() -> None:
    """Skip the running test unless torch sees a CUDA device."""
    from pytest_mlgate.inputs.devices import why_no_cuda

    problem = why_no_cuda()
    if problem is not None:
        pytest.skip(f"needs a CUDA device: {problem}")


class Train:
    """Trains through the user's own function, deterministically, at most once for the same code, data and parameters.

    The result is kept in pytest's cache folder (`--cache-clear` forgets it) and shared by xdist workers.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def __call__(
        self,
        train: str,
        *,
        factory: str,
        data: Sequence[str | Path] = (),
        parameters: Mapping[str, Any] | None = None,
        arguments: Mapping[str, Any] | None = None,
        seed: int = 0,
        device: str = "cpu",
    ) -> TrainedModel:
        """Train, or load what was trained before.

        Args:
            train: `package.module:function`, called as `function(data=[...], seed=…, device=…, **parameters)`;
                returns a `torch.nn.Module`.
            factory: `package.module:callable` that builds the untrained network, called with `arguments`.
            data: files that the training reads; relative paths start at pytest's root directory.
            parameters: JSON-able keyword arguments for `train`.
            arguments: JSON-able keyword arguments for `factory`.
            seed: for python, numpy and torch.
            device: where to train.

        Returns:
            The trained module (`.module`), its weights on disk (`.artifact`, safetensors) and their hash (`.sha256`).
        """
        from pytest_mlgate.inputs.training import train as run

        cache = self._config.cache
        folder = cache.mkdir("mlgate-train") if cache else self._config.rootpath / ".mlgate_cache" / "train"
        return run(
            train,
            factory=factory,
            data=[self._config.rootpath / path for path in data],
            parameters=parameters or {},
            arguments=arguments or {},
            seed=seed,
            device=device,
            cache=Path(folder),
        )
