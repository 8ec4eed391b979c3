"""What the next training begins with: pretrained weights, those of this session, a file, or nothing."""

from __future__ import annotations

import dataclasses
import enum
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from qtpy.QtCore import QObject, Signal

from napari_scribbleseg.qt.training import Start
from napari_scribbleseg.qt.weights_shelf import Shelf, ShelfEntry, ShelfError, tuning_after
from napari_scribbleseg.settings import TrainSettings
from napari_scribbleseg.types import Notice

if TYPE_CHECKING:
    from napari_scribbleseg.qt.run_desk import RunDesk
    from napari_scribbleseg.qt.values import WeightsOrigin

KEPT = ("device", "threads", "seed", "held_out")
"""Settings that belong to the machine and the person, whatever a run begins with."""


class StartKind(enum.Enum):
    """Where weights come from; SESSION are those that this session has learned."""

    SESSION = "session"
    WEIGHTS = "weights"
    SCRATCH = "scratch"


@dataclass(frozen=True)
class StartChoice:
    """One line of the list; `entry` comes with WEIGHTS."""

    kind: StartKind
    title: str
    entry: ShelfEntry | None = None


SESSION = StartChoice(StartKind.SESSION, "This session's weights")
SCRATCH = StartChoice(StartKind.SCRATCH, "From scratch")


class StartDesk(QObject):
    """Offer what a run can begin with, see to the licence, and remember the choice.

    Until a person chooses, it is the session's own weights where there are some, else the weights that come with the
    program once their licence was accepted, else from scratch.

    Parameters
    ----------
    shelf : Shelf
    runs : RunDesk
    """

    changed = Signal()
    """Another start is chosen, or another list to choose from."""
    noticed = Signal(object)

    def __init__(self, shelf: Shelf, runs: RunDesk, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._shelf, self._runs = shelf, runs
        self._chosen: StartChoice | None = None
        self._files: list[ShelfEntry] = []
        self._entries: list[ShelfEntry] | None = None
        self._accepted: bool | None = None
        runs.checkpointed.connect(self._on_checkpoint)

    # choosing ----------------------------------------------------------------------------------------------------

    @property
    def chosen(self) -> StartChoice:
        """Return what the next run begins with."""
        if self._chosen is not None:
            return self._chosen
        if self._runs.training.start_point:
            return SESSION
        shipped = self.shipped
        return _choice(shipped) if shipped is not None and self.licence_accepted else SCRATCH

    def choices(self) -> list[StartChoice]:
        """Return all there is to choose from."""
        own = [SESSION] if self._runs.training.start_point else []
        return [*own, *(_choice(entry) for entry in (*self._on_shelf(), *self._files)), SCRATCH]

    def choose(self, choice: StartChoice) -> bool:
        """Begin the next run so; False, and no change, where a licence must be accepted first."""
        if choice.entry is not None and self.needs_licence(choice.entry):
            return False
        self._chosen = choice
        self.changed.emit()
        return True

    def choose_file(self, path: Path) -> bool:
        """Begin the next run with a weights file; False after a notice."""
        try:
            entry = self._shelf.read(path)
        except ShelfError as error:
            self.noticed.emit(Notice(str(error), "warning"))
            return False
        self._files = [*(old for old in self._files if old.path != path), entry]
        return self.choose(_choice(entry))

    def forget_choice(self) -> None:
        """Go back to what is chosen without a person, as in another session."""
        self._chosen = None
        self.changed.emit()

    # what it means -----------------------------------------------------------------------------------------------

    @property
    def tunes(self) -> bool:
        """Return whether the next run adapts weights that know hearts, rather than learning from nothing."""
        kind = self.chosen.kind
        return kind is StartKind.WEIGHTS or (kind is StartKind.SESSION and self._runs.started_from is not None)

    @property
    def replaces_own(self) -> bool:
        """Return whether the next run takes the place of weights that this session has learned."""
        return self.chosen.kind is not StartKind.SESSION and bool(self._runs.training.start_point)

    @property
    def settings(self) -> TrainSettings:
        """Return settings that suit the chosen start: those of the last run where they do."""
        last, entry = self._runs.settings, self.chosen.entry
        if entry is not None:
            suits = last.schedule == "finetune" and Start(entry=entry).fits(last)
        else:
            suits = self.chosen.kind is StartKind.SESSION or last.schedule != "finetune"
        return last if suits else dataclasses.replace(self.defaults, **{name: getattr(last, name) for name in KEPT})

    @property
    def defaults(self) -> TrainSettings:
        """Return the usual settings for the chosen start."""
        if self.chosen.entry is not None:
            return self.chosen.entry.tuning
        return tuning_after(self._runs.settings) if self.tunes else TrainSettings()

    def start(self, settings: TrainSettings) -> Start | None:
        """Return what a run with these settings begins with; None after a notice, where the weights do not fit."""
        chosen = self.chosen
        if chosen.kind is StartKind.SESSION:
            point = self._runs.training.start_point
            return point if point.fits(settings) else Start()
        if chosen.entry is None:
            return Start()
        start = Start(entry=chosen.entry)
        if start.fits(settings):
            return start
        trained = chosen.entry.settings
        self.noticed.emit(
            Notice(
                f"The weights {chosen.entry.name} were trained with {trained.method} in {trained.resolution} and "
                f"cannot begin a run of {settings.method} in {settings.resolution}: choose “{SCRATCH.title}” to begin "
                "with, or the settings of the weights.",
                "warning",
            )
        )
        return None

    def predictor(self) -> Start:
        """Return what scans without a prediction are segmented with; an empty start where there is nothing."""
        point = self._runs.training.start_point
        chosen = self.chosen
        if chosen.kind is StartKind.SESSION or (point and chosen.kind is StartKind.SCRATCH):
            return point
        return Start(entry=chosen.entry) if chosen.entry is not None else Start()

    # the licence -------------------------------------------------------------------------------------------------

    @property
    def shipped(self) -> ShelfEntry | None:
        """Return the weights that come with the program; None where they are missing or damaged."""
        return next((entry for entry in self._on_shelf() if entry.licensed), None)

    @property
    def licence_accepted(self) -> bool:
        """Return whether the licence of those weights was accepted."""
        if self._accepted is None:
            self._accepted = self._shelf.licence_accepted()
        return self._accepted

    def find(self, origin: WeightsOrigin) -> ShelfEntry | None:
        """Return the weights that an origin names, where they are at hand."""
        known = (*self._on_shelf(), *self._files)
        return next((e for e in known if (e.name, e.digest) == (origin.name, origin.digest)), None)

    def needs_licence(self, entry: ShelfEntry) -> bool:
        """Return whether a licence must be accepted before these weights are used."""
        return entry.licensed and not self.licence_accepted

    def licence_texts(self) -> tuple[str, str]:
        """Return the licence in a few sentences, and whole."""
        return self._shelf.licence_texts()

    def accept_licence(self) -> None:
        """Remember that the licence was accepted; the weights are then what a run begins with."""
        if not self._shelf.accept_licence():
            self.noticed.emit(Notice("That you accepted the licence could not be saved, so it will be asked again."))
        self._accepted = True
        self.changed.emit()

    def tell_problems(self) -> None:
        """Say which weights on the shelf cannot be used."""
        for sentence in self._shelf.problems():
            self.noticed.emit(Notice(sentence, "warning"))

    def _on_shelf(self) -> list[ShelfEntry]:
        if self._entries is None:
            self._entries = self._shelf.entries()
        return self._entries

    def _on_checkpoint(self, _checkpoint: object) -> None:
        # From here on the session has weights of its own, and they are what the next run goes on from.
        self.forget_choice()


def _choice(entry: ShelfEntry) -> StartChoice:
    return StartChoice(StartKind.WEIGHTS, entry.title, entry)
