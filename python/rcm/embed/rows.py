"""What a model gives for a list of texts, as vectors that can be stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rcm import _rcm

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def unit_rows(rows: NDArray[np.floating]) -> _rcm.Vectors:
    """Bring rows to length 1.

    A row with a value that is not finite becomes zero, as a row of zeros stays: what it stands for
    is then found by its words alone, and one text that a model cannot do with stops no run.

    Args:
        rows: One row per text, shape (texts, dim), 1 text or more.
    """
    import numpy as np

    made = np.where(np.isfinite(rows).all(axis=1, keepdims=True), rows, 0).astype(np.float64)
    norms = np.linalg.norm(made, axis=1, keepdims=True)
    unit = (made / np.where(norms == 0, 1, norms)).astype(np.float32)
    return _rcm.Vectors.from_bytes(unit.tobytes(), unit.shape[1])
