"""Systems without training by their keys."""

from __future__ import annotations

import sys

from napari_scribbleseg.qt.preview_systems import DEFAULT_SYSTEM, find_system, list_systems
from napari_scribbleseg.qt.values import PreviewSystem


def test_every_system_is_found_by_its_key():
    systems = list_systems()
    assert systems[0] == DEFAULT_SYSTEM
    assert [find_system(system.key) for system in systems] == systems


def test_a_system_of_another_version_is_called_by_its_key():
    assert find_system("of_a_later_version") == PreviewSystem("of_a_later_version", "of_a_later_version")


def test_the_default_is_known_where_no_package_loads(monkeypatch):
    monkeypatch.setitem(sys.modules, "napari_scribbleseg.baselines", None)
    assert list_systems() == [DEFAULT_SYSTEM]
    assert find_system(DEFAULT_SYSTEM.key) == DEFAULT_SYSTEM
    assert find_system("growcut").key == "growcut"
