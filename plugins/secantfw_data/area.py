"""Exact area averaging of square uint8 pictures, in whole numbers.

    y[a, b] = sum_ij w[a, i] w[b, j] x[i, j],    w[a, i] = |[a n/m, (a+1) n/m] with [i, i+1]| m/n

for n x n -> m x m. Times n every weight is whole, so the sum is an integer over n^2 and the
rounding is exact: the same bytes on every machine, whatever its floating point.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def area_weights(n: int, m: int) -> NDArray[np.int64]:
    """n times the weights w, (m, n); each row sums to n. In units where a source pixel is m long
    and a target pixel n long, so that every overlap is a whole number."""
    a = np.arange(m, dtype=np.int64)[:, None]
    i = np.arange(n, dtype=np.int64)[None, :]
    overlap = np.minimum((a + 1) * n, (i + 1) * m) - np.maximum(a * n, i * m)
    weights: NDArray[np.int64] = np.maximum(overlap, 0)
    return weights


def area_average(pictures: NDArray[np.uint8], m: int) -> NDArray[np.uint8]:
    """(k, n, n) -> (k, m, m), rounded to the nearest whole grey level, halves up."""
    n = pictures.shape[-1]
    w = area_weights(n, m)
    total = w @ pictures.astype(np.int64) @ w.T  # n^2 times the average
    average: NDArray[np.uint8] = ((2 * total + n * n) // (2 * n * n)).astype(np.uint8)
    return average
