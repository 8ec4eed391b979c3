"""What made a slice of a mask, by the key that a session keeps of it; knows no Qt."""

from __future__ import annotations

from napari_scribbleseg.qt.preview_systems import find_system
from napari_scribbleseg.qt.values import PROPAGATED_PREFIX, TUNED, WEIGHTS_PREFIX, Maker, Propagation, WeightsOrigin


def find_maker(key: str) -> Maker:
    """Return the weights, the propagation or the system behind a key; one that is not known is called by its key."""
    if key.startswith(PROPAGATED_PREFIX):
        t, _, z = key.removeprefix(PROPAGATED_PREFIX).partition(",")
        if t.isdigit() and z.isdigit():
            return Propagation(int(t), int(z))
    return find_weights_origin(key) or find_system(key)


def find_weights_origin(key: str) -> WeightsOrigin | None:
    """Return the weights behind a key; None for any other key."""
    if not key.startswith(WEIGHTS_PREFIX):
        return None
    name, _, digest = key.removeprefix(WEIGHTS_PREFIX).removesuffix(TUNED).rpartition("@")
    return WeightsOrigin(name, digest, key.endswith(TUNED))
