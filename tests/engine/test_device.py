from __future__ import annotations

import os

import pytest
import torch

from napari_scribbleseg.engine.device import DeviceError, is_out_of_memory, resolve_device, spare_threads


def test_auto_takes_cuda_then_mps_then_the_cpu(monkeypatch):
    for cuda, mps, expected in ((True, True, "cuda"), (False, True, "mps"), (False, False, "cpu")):
        monkeypatch.setattr(torch.cuda, "is_available", lambda cuda=cuda: cuda)
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda mps=mps: mps)
        assert resolve_device("auto").type == expected


def test_a_device_that_is_not_there_is_refused_with_advice(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(DeviceError, match="Choose auto or cpu"):
        resolve_device("cuda")
    with pytest.raises(DeviceError, match="not a device"):
        resolve_device("toaster")


def test_a_core_is_left_to_the_window():
    assert spare_threads() == max((os.cpu_count() or 1) - 1, 1)


def test_scarce_memory_is_recognised_however_it_is_said():
    assert is_out_of_memory(torch.OutOfMemoryError("x"))
    assert is_out_of_memory(RuntimeError("MPS backend out of memory (allocated 9 GB)"))
    assert not is_out_of_memory(RuntimeError("shape mismatch"))
