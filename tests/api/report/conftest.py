"""One report, written once and read by many tests."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from napari_scribbleseg.api.report import write_report
from tests.api.report.made import ORIGIN, make_measurement, make_scan


@pytest.fixture(scope="session")
def scan() -> SimpleNamespace:
    """A cine, its mask and a measurement made by hand."""
    cine, mask = make_scan()
    return SimpleNamespace(cine=cine, mask=mask, measurement=make_measurement())


@pytest.fixture(scope="session")
def written(scan, tmp_path_factory):
    """The files of its report; read them only."""
    out = tmp_path_factory.mktemp("reports") / "new" / "folder"
    return write_report(scan.cine, scan.mask, scan.measurement, out, origin=ORIGIN)


@pytest.fixture(scope="session")
def anonymous(scan, tmp_path_factory):
    """The files of the same report without names."""
    origin = {**ORIGIN, "made_by": "file", "file": "MUSTERMANN_seg.nii.gz"}
    out = tmp_path_factory.mktemp("anonymous")
    return write_report(scan.cine, scan.mask, scan.measurement, out, origin=origin, anonymise=True)
