"""Slice by slice on the CPU: for maps whose making is no work for a network."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

Array = npt.NDArray[Any]


def label_slices(function: Callable[..., Array], *batches: Tensor) -> Tensor:
    """Apply a function of numpy arrays to every slice, on as many threads as torch may use.

    Parameters
    ----------
    function : callable, one array for each batch → label map (H, W)
    batches : tensors (B, …)

    Returns
    -------
    int64 (B, H, W) on the device of the first batch.
    """
    arrays = [batch.detach().cpu().numpy() for batch in batches]
    with ThreadPoolExecutor(torch.get_num_threads()) as pool:
        maps = list(pool.map(function, *arrays))
    return torch.from_numpy(np.stack(maps)).to(batches[0].device).long()
