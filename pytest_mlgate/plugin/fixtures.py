"""What stands behind the fixtures that the plugin offers."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pyarrow as pa
    from torch import nn

    from pytest_mlgate.inputs.store import InputStore
    from pytest_mlgate.inputs.training import TrainedModel
    from pytest_mlgate.registries import Registry


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

        cache = getattr(self._config, "cache", None)  # absent under -p no:cacheprovider
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


class Load:
    """Loads torch models through the same code as gate files."""

    def __init__(self, config: pytest.Config, store: InputStore) -> None:
        self._root = config.rootpath
        self._store = store

    def __call__(self, *, factory: str, weights: str | Path, arguments: Mapping[str, Any] | None = None) -> nn.Module:
        """Build a network and load its weights.

        Args:
            factory: `package.module:callable` that builds the network, called with `arguments`.
            weights: safetensors, or a state dict that `torch.load(weights_only=True)` accepts; a relative path starts
                at pytest's root directory.
            arguments: keyword arguments for `factory`.

        Raises:
            NotMeasuredError: it cannot be loaded; says why.
        """
        from pytest_mlgate.reference import ModelRef

        path = str(self._root / weights)
        ref = ModelRef(loader="torch", factory=factory, weights=path, arguments=dict(arguments or {}))
        return self._store.model(ref, {}).module


class Open:
    """Opens tables through the same code as gate files."""

    def __init__(self, config: pytest.Config, store: InputStore) -> None:
        self._root = config.rootpath
        self._store = store

    def __call__(self, path: str | Path) -> pa.Table:
        """Read a Parquet or CSV file; a relative path starts at pytest's root directory.

        Raises:
            NotMeasuredError: it cannot be read; says why.
        """
        from pytest_mlgate.inputs.gate import GateInputs
        from pytest_mlgate.reference import TableRef

        inputs = GateInputs(self._store, seed=0, fixtures={})
        return inputs.table(TableRef(path=str(self._root / path))).arrow(None)


class Registries:
    """Local registries in a folder that goes with the test."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def __call__(self, model: str = "model") -> Registry:
        """Open the registry of one model."""
        from pytest_mlgate.registries import open_registry

        return open_registry("local", path=self._root, model=model)


@contextmanager
def seeded_by(node_id: str) -> Iterator[int]:
    """Seed everything from a test's identity; restores every state afterwards."""
    from pytest_mlgate.inputs.seeding import seeded
    from pytest_mlgate.run import seed_of

    seed = seed_of(node_id)
    with seeded(seed):
        yield seed


@contextmanager
def shared_store(config: pytest.Config) -> Iterator[InputStore]:
    """Give the store that gates use in this process; in a run without gates, one of its own."""
    session = config.pluginmanager.get_plugin("mlgate-session")
    if session is not None:
        yield session.store
        return
    from pytest_mlgate.inputs.store import InputStore

    store = InputStore(config.rootpath, updating=bool(config.getoption("mlgate_update")))
    try:
        yield store
    finally:
        store.close()
