"""Learning the weights of the ranking from questions with known answers: softmax over the candidates of each question,
all its right articles sharing the target. A minute for 300 questions; nothing but numpy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def fit(questions: Sequence[tuple[Any, Any]], *, steps: int = 500, rate: float = 0.05, ridge: float = 0.01) -> Any:
    """Return weights for (features, is-right) pairs. Deterministic; features are scaled inside, weights scaled back."""
    questions = [(x, y) for x, y in questions if len(y) and y.sum()]
    every = np.concatenate([x for x, _ in questions])
    scale = every.std(axis=0) + 1e-9
    constant = every.std(axis=0) < 1e-9
    data = [(x / scale, y / y.sum()) for x, y in questions]
    weights = np.zeros(every.shape[1])
    first, second = np.zeros_like(weights), np.zeros_like(weights)
    for step in range(1, steps + 1):
        slope = ridge * weights
        for x, y in data:
            values = x @ weights
            chance = np.exp(values - values.max())
            slope += x.T @ (chance / chance.sum() - y) / len(data)
        first = 0.9 * first + 0.1 * slope
        second = 0.999 * second + 0.001 * slope**2
        weights -= rate * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
    return np.where(constant, 0.0, weights / scale)
