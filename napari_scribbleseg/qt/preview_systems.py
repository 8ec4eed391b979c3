"""The systems without training that the dock offers, and the names under which it offers them; knows no Qt."""

from __future__ import annotations

from napari_scribbleseg.qt.values import PreviewSystem

DEFAULT_SYSTEM = PreviewSystem("random_walker", "Random Walker", "Grady, IEEE TPAMI 2006")
"""The best of those that answer within a second."""
SHORT_NAMES = {"level_set": "ITK-SNAP-like", "slic_seg": "Slic-Seg-like", "random_forest": "Random Forest"}
"""For titles too long for the dock."""


def list_systems() -> list[PreviewSystem]:
    """Return all systems, the default first; the default alone where their packages do not load."""
    try:
        from napari_scribbleseg.baselines import BASELINES
    except (ImportError, OSError):
        return [DEFAULT_SYSTEM]
    found = [PreviewSystem(key, cls.title, cls.reference, SHORT_NAMES.get(key, "")) for key, cls in BASELINES.items()]
    return sorted(found, key=lambda system: system.key != DEFAULT_SYSTEM.key)


def find_system(key: str) -> PreviewSystem:
    """Return the system of a key; one that this version does not know is called by its key."""
    return next((system for system in list_systems() if system.key == key), PreviewSystem(key, key))
