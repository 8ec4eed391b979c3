"""Letters at the edges of the canvas that say where right, left, front and back are, and a scale bar in mm."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napari_scribbleseg.io.geometry import edge_directions

if TYPE_CHECKING:
    from napari.viewer import Viewer

    from napari_scribbleseg.types import Cine

_PLACES = {"left": "middle_left", "right": "middle_right", "top": "top_center", "bottom": "bottom_center"}


def show_orientation(viewer: Viewer, cine: Cine) -> None:
    """Show the body directions (R, L, A, P, S, I) at the canvas edges and a scale bar; replaces earlier letters.

    They are overlays of the canvas, so they stay readable at any zoom and cost nothing while the cine plays.
    """
    from napari.components.overlays import TextOverlay

    overlays = viewer.canvas.overlays
    edges = edge_directions(cine)
    for edge, position in _PLACES.items():
        name = f"scribbleseg_{edge}"
        if name not in overlays:
            overlays[name] = TextOverlay(position=position, font_size=16)
        letter = getattr(edges, edge)
        overlays[name].text = letter
        overlays[name].visible = bool(letter)
    overlays.scale_bar.visible = True
