"""Imports point down only, and only the top floors know of a window."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

PACKAGE = "napari_scribbleseg"
ROOT = Path(__file__).parents[1] / PACKAGE

FLOORS = (
    {"labels", "types", "settings", "clock", "atomic", "resources", "graph_cut"},
    {"io"},
    {"cardiac", "metrics"},
    {"data", "losses", "nets"},
    {"methods"},
    {"engine"},
    {"session"},
    {"baselines"},
    {"api"},
    {"bench"},
    {"cli"},
    {"qt"},
    {"widgets"},
    {"app"},
)
"""From the ground up."""

GROUND = FLOORS[0]
WINDOW = {"qt", "widgets", "app"}
WINDOW_LIBRARIES = {"qtpy", "napari", "magicgui", "superqt", "pyqtgraph", "vispy"}
QT_BINDINGS = {"PyQt5", "PyQt6", "PySide2", "PySide6"}
COMPUTE = {"torch", "numpy", "scipy", "skimage", "safetensors"}
FILES = {"numpy", "scipy", "nibabel", "h5py"}
THIRD_PARTY = {
    "labels": {"numpy"},
    "types": {"numpy", "torch"},
    "settings": set(),
    "clock": set(),
    "atomic": set(),
    "graph_cut": {"numpy", "scipy"},
    "resources": set(),
    "io": FILES | {"pydicom", "highdicom"},
    "cardiac": FILES,
    "metrics": FILES,
    "data": COMPUTE,
    "losses": COMPUTE,
    "nets": COMPUTE,
    "methods": COMPUTE,
    "engine": COMPUTE,
    "session": COMPUTE | {"nibabel", "platformdirs"},
    "baselines": {"numpy", "scipy", "skimage", "sklearn", "cv2"},
    "bench": COMPUTE | {"h5py", "distributed", "matplotlib"},
}
"""What a floor may import beyond the standard library."""


class Import(NamedTuple):
    module: str
    line: int
    lazy: bool


def modules() -> list[Path]:
    return sorted(path for path in ROOT.rglob("*.py") if "_sample_data" not in path.parts)


def floor_name(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def level(name: str) -> int:
    return next(i for i, floor in enumerate(FLOORS) if name in floor)


def dotted(path: Path) -> list[str]:
    parts = [PACKAGE, *path.relative_to(ROOT).with_suffix("").parts]
    return parts[:-1] if path.name == "__init__.py" else parts


@cache
def imports_of(path: Path) -> tuple[Import, ...]:
    """Return every import of a file; imports for type checkers alone do not run and do not count."""
    return tuple(_imports(ast.parse(path.read_text(encoding="utf-8")), path, lazy=False))


def _imports(node: ast.AST, path: Path, lazy: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        if isinstance(child, ast.Import):
            yield from (Import(alias.name, child.lineno, lazy) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            yield from (Import(name, child.lineno, lazy) for name in _targets(child, path))
        else:
            inside = lazy or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from _imports(child, path, inside)


def _targets(node: ast.ImportFrom, path: Path) -> list[str]:
    base = node.module or ""
    if node.level:
        package = dotted(path) if path.name == "__init__.py" else dotted(path)[:-1]
        base = ".".join([*package[: len(package) - node.level + 1], *([base] if base else [])])
    # `from napari_scribbleseg import io` names the floor only in what it imports.
    return [f"{base}.{alias.name}" for alias in node.names] if base == PACKAGE else [base]


def own_floor(module: str) -> str | None:
    """Return the floor that an import of ours leads to, None for other packages and for the package itself."""
    parts = module.split(".")
    if parts[0] != PACKAGE or len(parts) == 1 or parts[1].startswith("__"):
        return None
    return parts[1]


def is_front_desk(path: Path) -> bool:
    """Tell whether a file is the package's own `__init__`, which offers the public functions of every floor."""
    return path == ROOT / "__init__.py"


each_module = pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))


def complaint(path: Path, found: Import, why: str) -> str:
    return f"{path.relative_to(ROOT.parent)}:{found.line} imports {found.module}: {why}"


@each_module
def test_every_module_lives_on_a_floor(path):
    assert is_front_desk(path) or any(floor_name(path) in floor for floor in FLOORS)


@each_module
def test_imports_point_down(path):
    if is_front_desk(path):
        return
    here = floor_name(path)
    wrong = [
        complaint(path, found, f"{here} may not know {there}")
        for found in imports_of(path)
        if (there := own_floor(found.module)) not in (None, here)
        and not (level(there) < level(here) or (here in GROUND and there in GROUND))
        # The one door upwards: a command that opens the window asks for it when it is called.
        and not (here == "cli" and there == "app" and found.lazy)
    ]
    assert wrong == []


@each_module
def test_only_the_top_floors_know_of_windows(path):
    if floor_name(path) in WINDOW:
        return
    wrong = [
        complaint(path, found, "only app, widgets and qt may")
        for found in imports_of(path)
        if found.module.split(".")[0] in WINDOW_LIBRARIES | QT_BINDINGS
    ]
    assert wrong == []


@each_module
def test_no_module_names_a_qt_binding(path):
    wrong = [
        complaint(path, found, "import qtpy instead")
        for found in imports_of(path)
        if found.module.split(".")[0] in QT_BINDINGS
    ]
    assert wrong == []


@each_module
def test_low_floors_import_only_their_libraries(path):
    allowed = THIRD_PARTY.get(floor_name(path))
    if allowed is None:
        return
    wrong = [
        complaint(path, found, f"{floor_name(path)} may use {sorted(allowed)}")
        for found in imports_of(path)
        if (top := found.module.split(".")[0]) != PACKAGE and top not in sys.stdlib_module_names | allowed
    ]
    assert wrong == []


BARE = COMPUTE | {"h5py"}
"""What a rented machine with a GPU has; all else is loaded only by the functions that need it."""

RUNS_BARE = ("labels", "types", "settings", "clock", "atomic", "metrics", "data", "losses", "nets", "methods", "engine")


@each_module
def test_training_and_the_benchmark_load_on_a_bare_machine(path):
    reads_files = {"evaluation.py", "pairing.py"}  # of masks in NIfTI; no benchmark needs them
    if floor_name(path) not in (*RUNS_BARE, "bench") or path.name in reads_files:
        return
    wrong = [
        complaint(path, found, "only inside a function")
        for found in imports_of(path)
        if not found.lazy
        and (
            own_floor(found.module) == "io"
            or ((top := found.module.split(".")[0]) != PACKAGE and top not in sys.stdlib_module_names | BARE)
        )
    ]
    assert wrong == []


@each_module
def test_nothing_unpickles(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    picklers = {"pickle", "cPickle", "_pickle", "cloudpickle", "dill", "joblib", "shelve", "marshal"}
    imported = {found.module.split(".")[0] for found in imports_of(path)} & picklers
    calls = {
        ast.unparse(node.func)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and (ast.unparse(node.func) in {"torch.load", "torch.save"} or _allows_pickle(node))
    }
    assert imported | calls == set()


def _allows_pickle(call: ast.Call) -> bool:
    return any(word.arg == "allow_pickle" and ast.unparse(word.value) != "False" for word in call.keywords)


@pytest.mark.parametrize("name", [PACKAGE, f"{PACKAGE}.cli", f"{PACKAGE}.widgets", f"{PACKAGE}.app.dock"])
def test_torch_waits_until_it_is_needed(name):
    assert "torch" not in loaded_after_importing(name)


@pytest.mark.parametrize("name", [PACKAGE, f"{PACKAGE}.cli", f"{PACKAGE}.engine", f"{PACKAGE}.io"])
def test_headless_floors_load_no_window(name):
    assert loaded_after_importing(name).isdisjoint(WINDOW_LIBRARIES | QT_BINDINGS)


@pytest.mark.parametrize("name", [PACKAGE, f"{PACKAGE}.cli", f"{PACKAGE}.io", f"{PACKAGE}.app.reader"])
def test_writing_dicom_waits_until_it_is_needed(name):
    # Nibabel itself loads pydicom wherever that is installed.
    assert "highdicom" not in loaded_after_importing(name)


def loaded_after_importing(name: str) -> set[str]:
    script = f"import sys, {name}; print(*sorted({{m.split('.')[0] for m in sys.modules}}))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=False, cwd=ROOT.parent
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())
