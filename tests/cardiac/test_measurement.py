from __future__ import annotations

import math

import pytest

from napari_scribbleseg.cardiac import MYOCARDIUM_G_PER_ML, Body


def test_body_surface_is_mostellers():
    assert Body(184.0, 95.0).surface_m2 == pytest.approx(math.sqrt(184 * 95 / 3600))
    assert Body(160.0, 50.0).surface_m2 == pytest.approx(1.4907, abs=1e-4)


def test_myocardium_has_the_density_of_scmr():
    assert MYOCARDIUM_G_PER_ML == 1.05
