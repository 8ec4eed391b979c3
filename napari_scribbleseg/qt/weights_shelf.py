"""The trained weights at hand, and whether their licence was accepted; knows neither Qt nor torch."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from safetensors import safe_open

from napari_scribbleseg.api import licence
from napari_scribbleseg.api.model import Model
from napari_scribbleseg.api.recipes import finetune_settings
from napari_scribbleseg.api.shipped import list_weights
from napari_scribbleseg.qt.values import WeightsOrigin
from napari_scribbleseg.settings import TrainSettings

DIGEST_DIGITS = 12
SHIPPED = "shipped"


class ShelfError(ValueError):
    """Weights cannot be used; the text is one sentence."""


@dataclass(frozen=True)
class ShelfEntry:
    """Weights that a run can start from.

    Attributes
    ----------
    name : str
    path : Path
    settings : TrainSettings
        What they were trained with.
    digest : str
        The first digits of the SHA-256 of their values, "" where the file does not say.
    licensed : bool
        Whether a person must have accepted their licence first.
    """

    name: str
    path: Path
    settings: TrainSettings
    digest: str = ""
    licensed: bool = False

    @property
    def title(self) -> str:
        """Return what a list calls them."""
        return f"Pretrained: {self.name}"

    @property
    def origin(self) -> WeightsOrigin:
        """Return what slices that they make say of themselves."""
        return WeightsOrigin(self.name, self.digest)

    @property
    def tuning(self) -> TrainSettings:
        """Return the settings that adapt them to strokes."""
        return tuning_after(self.settings)


def tuning_after(before: TrainSettings) -> TrainSettings:
    """Return the settings that adapt weights which were trained with `before`."""
    return finetune_settings(Model({}, {"settings": before.to_json()}))


class Shelf(Protocol):
    """What the window asks about trained weights."""

    def entries(self) -> list[ShelfEntry]:
        """Return the weights at hand, those that come with the program first."""

    def problems(self) -> list[str]:
        """Return a sentence for each file on the shelf that cannot be used."""

    def read(self, path: Path) -> ShelfEntry:
        """Return any other weights file.

        Raises
        ------
        ShelfError
            For a file that holds no usable weights.
        """

    def licence_accepted(self) -> bool:
        """Tell whether the licence of the weights that come with the program was accepted."""

    def accept_licence(self) -> bool:
        """Remember that it was; False where that cannot be written."""

    def licence_texts(self) -> tuple[str, str]:
        """Return the licence in a few sentences, and whole."""


class UserShelf:
    """The weights that come with the program, and those that this person has imported."""

    def __init__(self) -> None:
        self._just_accepted = False

    def entries(self) -> list[ShelfEntry]:
        """Return the weights at hand, those that come with the program first."""
        return self._look()[0]

    def problems(self) -> list[str]:
        """Return a sentence for each file on the shelf that cannot be used."""
        return self._look()[1]

    def read(self, path: Path) -> ShelfEntry:
        """Return any other weights file.

        Raises
        ------
        ShelfError
            For a file that holds no usable weights.
        """
        return read_entry(path.stem, path)

    def licence_accepted(self) -> bool:
        """Tell whether the licence of the weights that come with the program was accepted."""
        try:
            return self._just_accepted or licence.is_accepted()
        except OSError:
            return False

    def accept_licence(self) -> bool:
        """Remember that it was; False where that cannot be written, and it then counts for this window alone."""
        self._just_accepted = True
        return licence.accept()

    def licence_texts(self) -> tuple[str, str]:
        """Return the licence in a few sentences, and whole."""
        try:
            return licence.licence_summary(), licence.licence_text()
        except OSError:
            return f"These weights are under {licence.LICENCE_ID} ({licence.LICENCE_URL}).", licence.LICENCE_URL

    def _look(self) -> tuple[list[ShelfEntry], list[str]]:
        found, problems = [], []
        for file in list_weights():
            try:
                found.append(read_entry(file.name or file.path.stem, file.path, licensed=file.origin == SHIPPED))
            except ShelfError as error:
                problems.append(str(error))
        return found, problems


def read_entry(name: str, path: Path, *, licensed: bool = False) -> ShelfEntry:
    """Read what a weights file says of itself, without its tensors.

    Raises
    ------
    ShelfError
        For a missing, damaged or foreign file.
    """
    try:
        meta = _read_meta(path)
        settings = TrainSettings.from_json(meta["settings"])
    except FileNotFoundError as error:
        raise ShelfError(f"There is no weights file {path.name}.") from error
    except Exception as error:  # safetensors raises kinds of its own
        cure = "reinstall napari-scribbleseg, or train from scratch" if licensed else "take another file"
        raise ShelfError(f"{path.name} is damaged or holds no weights of napari-scribbleseg; {cure}.") from error
    return ShelfEntry(name, path, settings, str(meta.get("values_sha256", ""))[:DIGEST_DIGITS], licensed)


def _read_meta(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise FileNotFoundError(path)
    with safe_open(path, framework="np") as file:
        meta: dict[str, Any] = json.loads((file.metadata() or {})["napari_scribbleseg"])
    return meta["checkpoint"] if isinstance(meta.get("checkpoint"), dict) else meta
