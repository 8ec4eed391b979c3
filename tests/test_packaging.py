"""The package that people install holds the manifest, the sample and the licence, and no Qt of its own."""

from __future__ import annotations

import importlib.metadata
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
from npe2 import PluginManifest

ROOT = Path(__file__).parents[1]
NAME = "napari-scribbleseg"
SAMPLE_FILES = ("sample_cine.nii.gz", "sample_truth.nii.gz", "sample_scribbles.nii.gz", "sample_strokes.json")
SOURCE_FILES = ("pyproject.toml", "hatch_build.py", "napari.yaml", "README.md", "LICENSE")
QT_BINDING = re.compile(r"^(pyqt[56]|pyside)", re.IGNORECASE)


@pytest.fixture(scope="module")
def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def manifest() -> PluginManifest:
    return PluginManifest.from_file(ROOT / "napari.yaml")


@pytest.fixture(scope="module")
def source(tmp_path_factory) -> Path:
    """A copy of the tree, so that building leaves no traces in the real one."""
    copy = tmp_path_factory.mktemp("source")
    for name in SOURCE_FILES:
        shutil.copy(ROOT / name, copy)
    ignore = shutil.ignore_patterns("__pycache__", "_sample_data", "napari.yaml")
    shutil.copytree(ROOT / "napari_scribbleseg", copy / "napari_scribbleseg", ignore=ignore)
    shutil.copytree(ROOT / "sample_data", copy / "sample_data", ignore=ignore)
    return copy


def build(source: Path, target: str, out: Path) -> Path:
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(out)],
        cwd=source,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return next(out.iterdir())


@pytest.fixture(scope="module")
def wheel(source, tmp_path_factory) -> zipfile.ZipFile:
    return zipfile.ZipFile(build(source, "wheel", tmp_path_factory.mktemp("wheel")))


def seen_from(*search_path: Path) -> list[str]:
    """Return what a fresh Python with these folders first in its path sees: manifest name, sample, package folder."""
    script = (
        f"import sys; sys.path[:0] = {[str(p) for p in search_path]!r}\n"
        "from npe2 import PluginManifest\n"
        "import napari_scribbleseg as package\n"
        "from napari_scribbleseg.resources import sample_path\n"
        f"print(PluginManifest.from_distribution({NAME!r}).name)\n"
        "print(sample_path('sample_cine.nii.gz'), package.__path__[0], sep='\\n')"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", script], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split("\n")


def test_every_python_name_in_the_manifest_resolves(manifest):
    manifest.validate_imports()
    commands = [command.python_name for command in manifest.contributions.commands]
    assert "napari_scribbleseg.app.dock:make_dock" in commands


def test_the_manifest_offers_all_kinds_of_contributions(manifest):
    offered = manifest.contributions
    assert [sample.key for sample in offered.sample_data] == ["cine_phantom"]
    assert offered.readers[0].filename_patterns == ["*.nii", "*.nii.gz", "*.dcm", "*.ima"]
    assert [writer.layer_types for writer in offered.writers] == [["labels"], ["image"]]
    assert "napari/layers/segment" in offered.menus
    assert len(offered.widgets) == len(offered.keybindings) == 1


def test_a_wheel_holds_manifest_sample_and_licence(wheel):
    names = set(wheel.namelist())
    assert {"napari_scribbleseg/napari.yaml", "napari_scribbleseg/cli/__init__.py"} <= names
    assert {f"napari_scribbleseg/_sample_data/{name}" for name in SAMPLE_FILES} <= names
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in names)


def test_a_wheel_holds_the_template_of_the_report(wheel):
    assert {f"napari_scribbleseg/api/report/page.{ending}" for ending in ("html.jinja", "css")} <= set(wheel.namelist())


def test_a_wheel_holds_nothing_but_the_package(wheel):
    assert {name.split("/")[0] for name in wheel.namelist() if ".dist-info/" not in name} == {"napari_scribbleseg"}
    assert not [name for name in wheel.namelist() if name.startswith("napari_scribbleseg/_sample_data/phantom")]


def test_an_installed_wheel_shows_manifest_and_sample(wheel, tmp_path):
    wheel.extractall(tmp_path)
    name, sample, package = seen_from(tmp_path)[:3]
    assert name == NAME
    assert Path(sample).parent == tmp_path / "napari_scribbleseg" / "_sample_data"
    assert Path(package) == tmp_path / "napari_scribbleseg"


def test_an_editable_install_shows_manifest_and_sample(source, tmp_path):
    editable = zipfile.ZipFile(build(source, "wheel:editable", tmp_path / "built"))
    editable.extractall(tmp_path / "site")
    name, sample, package = seen_from(tmp_path / "site", source)[:3]
    assert name == NAME
    assert (source / "napari_scribbleseg" / "napari.yaml").is_file()
    assert Path(sample) == source / "napari_scribbleseg" / "_sample_data" / "sample_cine.nii.gz"
    assert Path(package) == source / "napari_scribbleseg"


def test_an_editable_install_can_be_repeated_and_changed_into_a_package(source, wheel, tmp_path):
    for attempt in ("first", "second"):
        build(source, "wheel:editable", tmp_path / attempt)
    again = zipfile.ZipFile(build(source, "wheel", tmp_path / "wheel"))
    assert sorted(again.namelist()) == sorted(wheel.namelist())
    assert all((source / "sample_data" / name).is_file() for name in SAMPLE_FILES)


def test_an_sdist_builds_the_same_wheel(source, wheel, tmp_path):
    archive = build(source, "sdist", tmp_path / "sdist")
    with tarfile.open(archive) as sdist:
        # Pythons before 3.11.4 know no filters, those from 3.12 on want one.
        sdist.extractall(tmp_path / "unpacked", **({"filter": "data"} if hasattr(tarfile, "data_filter") else {}))
    again = zipfile.ZipFile(build(next((tmp_path / "unpacked").iterdir()), "wheel", tmp_path / "wheel"))
    assert sorted(again.namelist()) == sorted(wheel.namelist())


def test_this_installation_shows_the_manifest():
    try:
        found = PluginManifest.from_distribution(NAME)
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("the package runs from its source tree here, without an installation")
    assert found.name == NAME


def test_the_base_install_has_no_qt_binding(project):
    base = project["project"]["dependencies"]
    assert [name for name in base if QT_BINDING.match(name) or re.match(r"napari\[", name)] == []
    napari = importlib.metadata.requires("napari") or []
    assert [name for name in napari if QT_BINDING.match(name) and "extra ==" not in name] == []


def test_the_extra_all_brings_pyqt5_and_never_the_extra_of_napari(project):
    extras = project["project"]["optional-dependencies"]
    assert extras["all"] == [f"{NAME}[pyqt5]"]
    assert any(name.startswith("PyQt5") for name in extras["pyqt5"])
    assert any("pyqt6" in name for name in extras["pyqt6"])
    assert not [name for names in extras.values() for name in names if name.startswith("napari[all")]


def test_the_pythons_are_those_of_napari(project):
    napari = importlib.metadata.metadata("napari")
    theirs = {line for line in napari.get_all("Classifier") if re.search(r":: 3\.\d+$", line)}
    ours = {line for line in project["project"]["classifiers"] if re.search(r":: 3\.\d+$", line)}
    assert ours == theirs
    assert project["project"]["requires-python"].startswith(napari["Requires-Python"])


def test_the_version_is_told_once(project):
    import napari_scribbleseg

    assert project["project"]["dynamic"] == ["version"]
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"version: {napari_scribbleseg.__version__}\n" in citation
