"""Training on one year's records."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow.parquet as pq
import torch
from torch.nn import functional

from employment.model import FEATURES, EmploymentNet

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


def train(
    *, data: Sequence[Path], seed: int, device: str, epochs: int, batch_size: int = 1024, learning_rate: float = 0.003
) -> EmploymentNet:
    """Fit an `EmploymentNet` with Adam and a cosine schedule.

    Args:
        data: Parquet files with the feature columns and `employed`.
        seed: for the order of batches; weights are seeded by the caller.
        device: where to train.
        epochs: passes over the data.
        batch_size: rows per step.
        learning_rate: at the start.
    """
    rows, labels = _read(data, device)
    order = torch.Generator().manual_seed(seed)
    network = EmploymentNet().to(device)
    optimizer = torch.optim.Adam(network.parameters(), lr=learning_rate, weight_decay=1e-5)
    steps = epochs * -(-len(rows) // batch_size)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(epochs):
        for batch in torch.randperm(len(rows), generator=order).to(device).split(batch_size):
            optimizer.zero_grad()
            loss = functional.binary_cross_entropy_with_logits(network(rows[batch])[:, 0], labels[batch])
            loss.backward()
            optimizer.step()
            schedule.step()
    return network.eval()


def _read(data: Sequence[Path], device: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Read the features (n, 14) and the labels (n,), both float32."""
    tables = [pq.read_table(path, columns=[*FEATURES, "employed"]) for path in data]
    rows = np.concatenate([np.column_stack([table[name] for name in FEATURES]) for table in tables])
    labels = np.concatenate([table["employed"] for table in tables])
    return torch.from_numpy(rows.astype(np.float32)).to(device), torch.from_numpy(labels.astype(np.float32)).to(device)
