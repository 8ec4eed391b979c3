"""Weights by name: those that come with the program, and those that this person has brought in. No network needed."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from napari_scribbleseg.api.licence import ATTRIBUTION, LICENCE_ID
from napari_scribbleseg.api.model import Model
from napari_scribbleseg.api.provenance import values_sha256

if TYPE_CHECKING:
    from torch import Tensor

SHIPPED_NAME = "acdc_roi"
ENDING = ".safetensors"

_SHIPPED_FOLDER = Path(__file__).parents[1] / "_weights"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True)
class WeightsFile:
    """Where weights lie.

    Attributes
    ----------
    name : str or None
        Name in the list; None for a file that is not in it.
    path : Path
    origin : str
        "shipped" with the program, "imported" by this person, or "file" for any other.
    """

    name: str | None
    path: Path
    origin: str

    def load(self) -> Model:
        """Read the weights, in 32 bits; they know their name and licence from then on.

        Raises
        ------
        WeightsError
            For a missing, damaged or foreign file, or one of a newer version.
        """
        from napari_scribbleseg.engine.weights import WeightsError

        model = Model.load(self.path)
        known = model.meta.get("values_sha256")
        if known is not None and known != values_sha256(model.tensors):
            cure = "Reinstall napari-scribbleseg." if self.origin == "shipped" else "Take a copy that is whole."
            raise WeightsError(f"{self.path.name} is damaged: its values are not those that it was saved with. {cure}")
        tensors = {name: t.float() if t.is_floating_point() else t for name, t in model.tensors.items()}
        added = {"name": self.name} if self.name else {}
        licence = {"licence": LICENCE_ID, "attribution": ATTRIBUTION} if self.origin == "shipped" else {}
        meta = {key: value for key, value in model.meta.items() if key != "values_sha256"}
        return Model(tensors, {**meta, **added, **licence})

    @property
    def card(self) -> Path | None:
        """The text that says what shipped weights were trained on, what they are for and how good they are."""
        return self.path.with_name("MODEL_CARD.md") if self.origin == "shipped" else None

    def file_sha256(self) -> str:
        """Return the hash of the file, as `sha256sum` tells it.

        Raises
        ------
        OSError
            Where it cannot be read.
        """
        return hashlib.sha256(self.path.read_bytes()).hexdigest()


def shipped_model() -> Model:
    """Return the weights that come with the program.

    They are under a licence of their own (`api.licence`), which a person is shown before the first use.

    Raises
    ------
    WeightsError
        Where they are missing or damaged.
    """
    return locate_weights().load()


def list_weights() -> tuple[WeightsFile, ...]:
    """Return the weights with a name: the shipped ones first, then the imported ones by name."""
    shipped = sorted(_SHIPPED_FOLDER.glob(f"*{ENDING}"))
    imported = sorted(library_folder().glob(f"*{ENDING}"))
    taken = {path.stem for path in shipped}
    return (
        *(WeightsFile(path.stem, path, "shipped") for path in shipped),
        *(WeightsFile(path.stem, path, "imported") for path in imported if path.stem not in taken),
    )


def library_folder() -> Path:
    """Return the folder of imported weights; it may not exist yet."""
    from napari_scribbleseg.session.locations import home

    return home() / "weights"


def find_weights(name_or_path: str | os.PathLike[str] | None = None) -> Model:
    """Read weights by their name in the list or by their file; without either, the shipped ones.

    Raises
    ------
    WeightsError
        Where there are none, or they do not do.
    """
    return locate_weights(name_or_path).load()


def locate_weights(name_or_path: str | os.PathLike[str] | None = None) -> WeightsFile:
    """Find weights by their name in the list or by their file; without either, the shipped ones.

    What has a folder or the ending .safetensors is a file; anything else is a name first, then a file.

    Raises
    ------
    WeightsError
        Where there are none; the sentence says which there are.
    """
    from napari_scribbleseg.engine.weights import WeightsError

    text = os.fspath(name_or_path or SHIPPED_NAME)
    listed = list_weights()
    if _is_path(text):
        path = Path(text)
        if not path.is_file():
            raise WeightsError(f"There is no weights file {path.name}.")
        return next((entry for entry in listed if entry.path.samefile(path)), WeightsFile(None, path, "file"))
    for entry in listed:
        if entry.name == text:
            return entry
    if Path(text).is_file():
        return WeightsFile(None, Path(text), "file")
    if text == SHIPPED_NAME:
        raise WeightsError(
            "The weights that come with the program are missing; reinstall napari-scribbleseg, or train from scratch."
        )
    names = ", ".join(str(entry.name) for entry in listed) or "none yet"
    raise WeightsError(f"There are no weights {text}: neither a file nor a name in the list ({names}).")


def import_weights(path: str | os.PathLike[str], name: str | None = None, *, replace_old: bool = False) -> WeightsFile:
    """Take a weights file or a checkpoint into the list of this person, under a name.

    The name goes into the JSON beside every mask, so it must not be a patient's.

    Parameters
    ----------
    path : a weights file (safetensors)
    name : letters, digits, - and _; by default the stem of the file
    replace_old : whether other weights of that name may be replaced

    Raises
    ------
    WeightsError
        For a file that does not do, or a name that does not.
    OSError
        Where the list cannot be written.
    """
    from napari_scribbleseg.engine.weights import WeightsError

    model = WeightsFile(None, Path(path), "file").load()
    chosen = Path(path).stem if name is None else name
    if not _NAME.fullmatch(chosen):
        raise WeightsError(f"{chosen!r} is no name for weights; take letters, digits, - and _, 64 at most.")
    old = next((entry for entry in list_weights() if entry.name == chosen), None)
    if old is not None and old.origin == "shipped":
        raise WeightsError(f"{chosen} is the name of weights that come with the program; choose another name.")
    if old is not None and not replace_old and values_sha256(old.load().tensors) != values_sha256(model.tensors):
        raise WeightsError(f"There are other weights named {chosen} already; choose another name or replace them.")
    library_folder().mkdir(parents=True, exist_ok=True)
    entry = WeightsFile(chosen, library_folder() / f"{chosen}{ENDING}", "imported")
    known = {"name": chosen, "values_sha256": values_sha256(model.tensors)}
    replace(model, meta={**model.meta, **known}).save(entry.path)
    return entry


def for_sharing(model: Model, *, licence: str | None = None, half: bool = False) -> Model:
    """Return weights as they leave the house: they name no case, know their licence and notice when they are damaged.

    Parameters
    ----------
    model : Model
    licence : SPDX name; by default the model's own, if it has one
    half : store weights in 16 bits, which halves the file. What has one value a channel (biases, the statistics of
        batch normalisation) stays in 32: it takes no room, and some of it is tiny.

    Raises
    ------
    WeightsError
        Where a value is too large for 16 bits, or the weights are under another licence, which goes with every copy.
    """
    from napari_scribbleseg.engine.weights import WeightsError

    own = model.meta.get("licence")
    if licence and own and licence != own:
        raise WeightsError(f"These weights are under {own}, which goes with every copy; name no other licence.")
    tensors = _halved(model.tensors) if half else dict(model.tensors)
    meta = {name: value for name, value in model.meta.items() if name != "canvases"}
    terms = {"licence": licence} if licence else {}
    return Model(tensors, {**meta, **terms, "windows": {}, "values_sha256": values_sha256(tensors)})


def _halved(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    from napari_scribbleseg.engine.weights import WeightsError

    halved = {name: t.half() if t.is_floating_point() and t.ndim > 1 else t for name, t in tensors.items()}
    if not all(bool(t.isfinite().all()) for t in halved.values() if t.is_floating_point()):
        raise WeightsError("These weights hold values too large for 16 bits; save them in 32 bits.")
    return halved


def _is_path(text: str) -> bool:
    return text.endswith(ENDING) or "/" in text or os.sep in text
