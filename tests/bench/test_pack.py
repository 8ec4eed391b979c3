from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from napari_scribbleseg.bench.errors import BenchError
from napari_scribbleseg.bench.pack import quantise, write_pack
from napari_scribbleseg.bench.patients import Patient, read_patients, require_whole_slices
from napari_scribbleseg.bench.splits import add_test_scans
from napari_scribbleseg.data import SampleStore
from napari_scribbleseg.data.intensity import normalise
from napari_scribbleseg.types import FrameKey
from tests.bench.conftest import write_patient


@pytest.fixture(scope="module")
def pack(acdc: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A pack of the small folder, 6 bits, whole slices. Not to be changed."""
    path = tmp_path_factory.mktemp("pack") / "acdc.h5"
    write_pack(acdc, path)
    return path


@pytest.fixture
def copy(pack: Path, tmp_path: Path) -> Path:
    """A copy of the pack, to be damaged."""
    return Path(shutil.copy(pack, tmp_path / "copy.h5"))


def pairs(one: list[Patient], other: list[Patient]) -> Iterator[tuple[Patient, Patient]]:
    return zip(one, other, strict=True)


def test_a_pack_holds_the_same_patients(patients: list[Patient], pack: Path) -> None:
    for wanted, found in pairs(patients, read_patients(pack)):
        assert (found.number, found.group, found.fold) == (wanted.number, wanted.group, wanted.fold)
        assert (found.case, found.cine.title) == (wanted.case, wanted.cine.title)
        assert found.cine.spacing_mm == wanted.cine.spacing_mm
        assert np.array_equal(found.scribbles, wanted.scribbles)
        assert (found.truth is None) == (wanted.truth is None)
        assert found.truth is None or np.array_equal(found.truth, wanted.truth)
        assert not found.roi_only


@pytest.mark.parametrize("bits", [4, 6, 8])
def test_training_sees_the_same_intensities_within_rounding(acdc: Path, tmp_path: Path, bits: int) -> None:
    write_pack(acdc, tmp_path / "a.h5", numbers=(1,), bits=bits)
    (wanted,), (found,) = read_patients(acdc, (1,)), read_patients(tmp_path / "a.h5")
    for t in range(2):
        error = np.abs(normalise(found.cine.volume(t)) - normalise(wanted.cine.volume(t)))
        assert 0 < error.max() <= 0.5001 / (2**bits - 1)


def test_codes_reach_both_ends_of_the_scale(patients: list[Patient]) -> None:
    codes = quantise(patients[0].cine, 6)
    assert [(int(v.min()), int(v.max())) for v in codes] == [(0, 63), (0, 63)]


def test_the_window_is_where_the_folder_puts_it(patients: list[Patient], pack: Path) -> None:
    windows = []
    for source in (patients, read_patients(pack)):
        store = SampleStore("roi")
        add_test_scans(store, source)
        windows.append([store.window(case) for case in store.cases])
    assert windows[0] == windows[1]


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A patient whose slices, 384 mm wide, are far larger than the window."""
    folder = tmp_path_factory.mktemp("wide")
    write_patient(folder, 7, side=256)
    return folder


def test_a_pack_for_roi_shows_the_same_window_and_scores_on_the_same_grid(wide: Path, tmp_path: Path) -> None:
    small = write_pack(wide, tmp_path / "roi.h5", resolution="roi")
    whole = write_pack(wide, tmp_path / "whole.h5")
    assert small.size_bytes < 0.6 * whole.size_bytes
    seen = []
    for name in ("roi.h5", "whole.h5"):
        (patient,) = read_patients(tmp_path / name)
        assert patient.cine.shape == patient.scribbles.shape == (2, 3, 256, 256)
        store = SampleStore("roi")
        add_test_scans(store, [patient])
        seen.append(np.stack([store.sample(FrameKey("patient007", t, 1)).image for t in range(2)]))
    assert np.array_equal(seen[0], seen[1])


def test_a_pack_for_roi_is_blank_elsewhere_and_says_so(wide: Path, tmp_path: Path) -> None:
    write_pack(wide, tmp_path / "roi.h5", resolution="roi")
    (patient,) = read_patients(tmp_path / "roi.h5")
    assert patient.roi_only
    assert np.mean(np.asarray(patient.cine.data)[:, :, -20:] > 0) < 0.05
    with pytest.raises(BenchError, match="A pack needs whole slices"):
        write_pack(tmp_path / "roi.h5", tmp_path / "again.h5")


def test_whole_slices_are_asked_for_by_name(patients: list[Patient]) -> None:
    require_whole_slices(patients, "GrabCut")
    with pytest.raises(BenchError, match="^GrabCut needs whole slices"):
        require_whole_slices([*patients, replace(patients[0], roi_only=True)], "GrabCut")


def test_two_packs_in_one_folder_are_read_as_one(acdc: Path, tmp_path: Path) -> None:
    first = write_pack(acdc, tmp_path / "a.h5", numbers=(1, 10))
    second = write_pack(acdc, tmp_path / "b.h5", numbers=(30, 85))
    assert (first.n_patients, second.n_patients) == (2, 2)
    assert [p.number for p in read_patients(tmp_path)] == [1, 10, 30, 85]
    assert [p.number for p in read_patients(tmp_path, (85, 10))] == [10, 85]


def test_a_pack_can_be_made_from_a_pack(pack: Path, tmp_path: Path) -> None:
    report = write_pack(pack, tmp_path / "few.h5", numbers=(10,))
    assert (report.n_patients, report.size_bytes) == (1, (tmp_path / "few.h5").stat().st_size)
    (wanted,), (found,) = read_patients(pack, (10,)), read_patients(tmp_path / "few.h5")
    assert np.array_equal(found.cine.data[:], wanted.cine.data[:])
    assert found.centre == wanted.centre


def test_progress_tells_each_patient(acdc: Path, tmp_path: Path) -> None:
    seen: list[int] = []
    write_pack(acdc, tmp_path / "a.h5", numbers=(1, 30), progress=seen.append)
    assert seen == [1, 30]


def test_a_pack_of_the_same_data_is_the_same_file(acdc: Path, tmp_path: Path) -> None:
    for name in ("a.h5", "b.h5"):
        write_pack(acdc, tmp_path / name, numbers=(1, 85))
    assert (tmp_path / "a.h5").read_bytes() == (tmp_path / "b.h5").read_bytes()


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"bits": 3}, "4 to 8 bits"),
        ({"bits": 9}, "4 to 8 bits"),
        ({"resolution": "half"}, "must be one of roi, protocol"),
        ({"path": Path("a.npz")}, "must end in .h5, not '.npz'"),
        ({"numbers": (2,)}, "no patient 2"),
        ({"path": Path("missing") / "a.h5"}, "was not written"),
    ],
)
def test_what_cannot_be_packed_is_refused_and_leaves_nothing(
    acdc: Path, tmp_path: Path, changes: dict[str, object], sentence: str
) -> None:
    arguments = {"source": acdc, "path": Path("a.h5"), **changes}
    arguments["path"] = tmp_path / str(arguments["path"])
    with pytest.raises(BenchError, match=sentence):
        write_pack(**arguments)  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_a_patient_who_is_in_no_pack_is_named(pack: Path) -> None:
    with pytest.raises(BenchError, match=r"acdc.h5 holds no patient 2, 3;"):
        read_patients(pack, (1, 2, 3))


def test_another_file_is_no_pack(tmp_path: Path) -> None:
    (tmp_path / "text.h5").write_text("hello")
    with pytest.raises(BenchError, match="text.h5 is no pack"):
        read_patients(tmp_path / "text.h5")
    with h5py.File(tmp_path / "slice.h5", "w") as file:
        file["image"] = np.zeros((4, 4))
    with pytest.raises(BenchError, match="slice.h5 is an HDF5 file but no pack"):
        read_patients(tmp_path / "slice.h5")


def test_a_pack_cut_short_is_refused(copy: Path) -> None:
    copy.write_bytes(copy.read_bytes()[: copy.stat().st_size // 2])
    with pytest.raises(BenchError, match="copy.h5 is (no pack, or is cut short|damaged)"):
        read_patients(copy)


def test_a_newer_pack_asks_for_an_update(copy: Path) -> None:
    with h5py.File(copy, "r+") as file:
        file.attrs["version"] = 2
    with pytest.raises(BenchError, match="written by a newer version"):
        read_patients(copy)


def test_a_changed_byte_is_noticed_in_every_part(copy: Path) -> None:
    for name in ("image", "scribbles", "truth"):
        with h5py.File(copy, "r+") as file:
            blob = file["patient010"][name]
            blob[30] ^= 1
        with pytest.raises(BenchError, match="damaged .patient 10 does not match its checksum"):
            read_patients(copy)
        with h5py.File(copy, "r+") as file:
            file["patient010"][name][30] ^= 1
    assert len(read_patients(copy)) == 5


@pytest.mark.parametrize("name", ["spacing_mm", "centre", "shape", "number"])
def test_a_changed_fact_is_noticed(copy: Path, name: str) -> None:
    with h5py.File(copy, "r+") as file:
        attrs = file["patient010"].attrs
        attrs[name] = attrs[name] + 1
    with pytest.raises(BenchError, match="copy.h5"):
        read_patients(copy, (10,))


def test_a_missing_part_is_noticed(copy: Path) -> None:
    with h5py.File(copy, "r+") as file:
        del file["patient010"]["truth"]
        del file["patient001"].attrs["sha256"]
    for number in (1, 10):
        with pytest.raises(BenchError, match=r"copy.h5 is damaged"):
            read_patients(copy, (number,))


def test_a_pack_is_read_where_nothing_but_torch_and_h5py_is(pack: Path) -> None:
    script = (
        "import sys; sys.modules.update(dict.fromkeys(('nibabel', 'napari', 'cyclopts', 'rich', 'qtpy')))\n"
        "from napari_scribbleseg.bench.patients import read_patients\n"
        f"print(len(read_patients({str(pack)!r})))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=False)
    assert (done.stdout.strip(), done.stderr) == ("5", "")


def test_a_real_patient_takes_few_bytes_and_comes_back(acdc_dir: Path, tmp_path: Path) -> None:
    report = write_pack(acdc_dir, tmp_path / "a.h5", numbers=(1,))
    (wanted,), (found,) = read_patients(acdc_dir, (1,)), read_patients(tmp_path / "a.h5")
    assert report.size_bytes < 0.6 * wanted.cine.shape[0] * np.prod(wanted.cine.shape[1:])
    assert np.array_equal(found.scribbles, wanted.scribbles)
    error = np.abs(normalise(found.cine.volume(0)) - normalise(wanted.cine.volume(0)))
    assert error.max() < 0.5001 / 63
