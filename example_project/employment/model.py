"""The network: one number, thirteen coded answers, one logit."""

from __future__ import annotations

import torch
from torch import nn

# How many codes each question has, zero included; a code beyond them counts as the last.
CODES = {
    "SCHL": 25,  # schooling
    "MAR": 6,  # marital status
    "RELP": 18,  # relationship to the reference person
    "DIS": 3,  # disability
    "ESP": 9,  # employment of parents
    "CIT": 6,  # citizenship
    "MIG": 4,  # lived here a year ago
    "MIL": 5,  # military service
    "ANC": 5,  # ancestry
    "NATIVITY": 3,
    "DEAR": 3,  # hearing difficulty
    "DEYE": 3,  # vision difficulty
    "DREM": 3,  # cognitive difficulty
}
FEATURES = ("AGEP", *CODES)
OLDEST = 95


class EmploymentNet(nn.Module):
    """Embeds age and the coded answers, then two dense layers.

    Args:
        width: of the hidden layers.
        embedding: size of each answer's embedding.
    """

    def __init__(self, width: int = 64, embedding: int = 8) -> None:
        super().__init__()
        self.age = nn.Embedding(OLDEST + 1, embedding)
        self.answers = nn.ModuleList(nn.Embedding(levels, embedding) for levels in CODES.values())
        self.register_buffer("levels", torch.tensor(tuple(CODES.values())))
        size = embedding * (1 + len(CODES)) + 1
        self.head = nn.Sequential(
            nn.Linear(size, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 1)
        )

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        """Give logits (n, 1) for rows (n, 14), float32, columns in the order of `FEATURES`."""
        age = rows[:, 0].clamp(0, OLDEST)
        codes = rows[:, 1:].long().clamp(min=0).minimum(self.levels - 1)
        parts = [self.age(age.long()), *(embed(codes[:, i]) for i, embed in enumerate(self.answers))]
        return self.head(torch.cat([*parts, age[:, None] / OLDEST], dim=1))
