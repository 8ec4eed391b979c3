"""Train, pause, resume and stop, with a state that answers in the same turn of the event loop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qtpy.QtCore import Qt, QTimer
from qtpy.QtWidgets import QProgressBar, QWidget

from napari_scribbleseg.settings import TrainSettings
from napari_scribbleseg.types import PreparationReport, RunState, StateChanged, StepReport
from napari_scribbleseg.widgets import dialogs
from napari_scribbleseg.widgets.keys import key_of
from napari_scribbleseg.widgets.pace import Pace
from napari_scribbleseg.widgets.parts import button, column, label, line, row, stack
from napari_scribbleseg.widgets.sentences import (
    FIRST_MASK,
    FIRST_MASK_READY,
    OPEN_ENDED,
    STOPPING,
    age_sentence,
    coverage_sentence,
    first_mask_sentence,
    preparation_sentence,
    progress_sentence,
    state_sentence,
    strokes_sentence,
)
from napari_scribbleseg.widgets.start_panel import StartPanel
from napari_scribbleseg.widgets.style import AMBER, GREEN

if TYPE_CHECKING:
    from napari_scribbleseg.qt.workbench import Workbench

_TICK_MS = 500
_GREY = "#8C8C8C"


@dataclass(frozen=True)
class Look:
    """What the buttons of a state are: enabled or not, the text of the middle one, and the colour of the dot."""

    train: bool
    pause: bool
    stop: bool
    dot: str
    pause_text: str = "Pause"


LOOKS = {
    RunState.IDLE: Look(True, False, False, _GREY),
    RunState.STARTING: Look(False, False, True, AMBER),
    RunState.RUNNING: Look(False, True, True, GREEN),
    RunState.RESTING: Look(False, True, True, GREEN),
    RunState.PAUSED: Look(False, True, True, AMBER, "Resume"),
    RunState.FINISHING: Look(False, False, True, AMBER),
    RunState.FINISHED: Look(True, False, False, _GREY),
}
_FREE = (RunState.IDLE, RunState.FINISHED)
_TIMED = (RunState.RUNNING, RunState.RESTING)
_OVER = (RunState.FINISHING, RunState.FINISHED)


class TrainPanel(QWidget):
    """The buttons that govern training, and what the trainer does at the moment.

    Parameters
    ----------
    workbench : Workbench
    settings : callable
        Returns the settings to train with, or None after having said what is wrong with them.
    """

    def __init__(
        self, workbench: Workbench, settings: Callable[[], TrainSettings | None], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._workbench = workbench
        self._settings = settings
        self._pace = Pace()
        self._last: StepReport | None = None
        self._preparing: PreparationReport | None = None
        self._stopping = False
        self._last_change = StateChanged(workbench.state)
        key = key_of("train")
        self.start_panel = StartPanel(workbench)
        self.train_button = button("Train", "", self.train, "primary")
        self.pause_button = button("Pause", f"Pause after the running step, or go on  ({key})", self.pause_or_resume)
        self.stop_button = button("Stop", "End training after the running step; Train goes on from there", self.stop)
        self._make_labels()
        column(
            self,
            self.start_panel,
            row(self.train_button, self.pause_button, self.stop_button),
            row(self.dot, self.state_label, self.device_label, stretch=1),
            self.progress,
            stack(self.progress_label, self.strokes_label, self.age_label, self.coverage_label),
        )
        self._connect()
        self._show_state(StateChanged(workbench.state))
        self._name_train_button()
        self._show_strokes(*workbench.strokes())
        self._show_age()

    # what a person does ----------------------------------------------------------------------------------------

    def train(self, fresh: bool = False) -> None:
        """Train with the settings of the form; `fresh` forgets earlier weights."""
        settings = self._settings()
        if settings is not None and (fresh or self._may_replace()):
            self._workbench.train(settings, fresh=fresh, only_shown=self.start_panel.only_shown)

    def _may_replace(self) -> bool:
        starts = self._workbench.starts
        question = "What this session has learned is replaced by what it learns from now on. Strokes and masks stay."
        title = f"Start from {starts.chosen.title}"
        return not starts.replaces_own or dialogs.confirm(self, title, question, self.train_button.text())

    def pause_or_resume(self) -> None:
        """Pause, or go on when paused."""
        if self._workbench.state is RunState.PAUSED:
            self._workbench.resume()
        else:
            self.state_label.setText("Pausing…")
            self.pause_button.setEnabled(False)
            self._workbench.pause()

    def stop(self) -> None:
        """End the run; the state says so before the running step ends."""
        if self._workbench.first_mask.running:
            self._workbench.first_mask.stop()
            return
        self._stopping = True
        self._show_state(StateChanged(RunState.FINISHING))
        self._workbench.stop()

    def toggle(self) -> None:
        """Do what the key does: train, pause or resume, whichever is possible."""
        if self.train_button.isEnabled():
            self.train()
        elif self.pause_button.isEnabled():
            self.pause_or_resume()

    # what the trainer says -------------------------------------------------------------------------------------

    def _show_state(self, change: StateChanged) -> None:
        look = LOOKS[change.state]
        self.train_button.setEnabled(look.train)
        self.pause_button.setEnabled(look.pause)
        self.pause_button.setText(look.pause_text)
        self.pause_button.setAccessibleName(look.pause_text)
        stopping = self._stopping and change.state is RunState.FINISHING
        self.stop_button.setEnabled(look.stop and not stopping)
        self.state_label.setText(STOPPING if stopping else state_sentence(change))
        self.state_label.setToolTip(change.message)
        self.dot.setStyleSheet(f"color: {look.dot};")
        self._last_change = change
        self._show_first_mask()
        if change.state in _TIMED:
            self._pace.go()
        else:
            self._pace.halt()
        if change.state in _OVER:
            self._preparing = None
        self._show_progress()

    def _show_first_mask(self) -> None:
        """While nobody trains, tell of what is segmented before any stroke."""
        first = self._workbench.first_mask
        if self._workbench.state not in _FREE:
            return
        look = LOOKS[self._workbench.state]
        self.stop_button.setEnabled(first.running)
        self.dot.setStyleSheet(f"color: {AMBER if first.running else GREEN if first.shown else look.dot};")
        if first.running:
            self.state_label.setText(FIRST_MASK)
        elif first.shown:
            self.state_label.setText(FIRST_MASK_READY)
        else:
            self.state_label.setText(state_sentence(self._last_change))
        self._show_progress()

    def _name_train_button(self) -> None:
        tunes, key = self._workbench.starts.tunes, key_of("train")
        deed = "Adapt the weights to the strokes drawn so far" if tunes else "Learn from the strokes drawn so far"
        self.train_button.setText("Fine-tune" if tunes else "Train")
        self.train_button.setAccessibleName(self.train_button.text())
        self.train_button.setToolTip(f"{deed}  ({key})")
        self.train_button.setAccessibleDescription(deed)

    def _on_run_started(self) -> None:
        self._pace.reset()
        self._stopping = False
        self._last = self._preparing = None
        self.device_label.setText("")

    def _on_step(self, report: StepReport) -> None:
        self._last, self._preparing = report, None
        self._pace.mark(report.step)
        self.device_label.setText(report.device)
        total = max(report.total_steps, 1)
        open_ended = total >= OPEN_ENDED
        # Where no end is planned, the bar shows how many strokes the model knows.
        done, total = (report.strokes_seen, max(report.strokes_total, 1)) if open_ended else (report.step, total)
        self.progress.setRange(0, total)
        self.progress.setValue(min(done, total))

    def _on_preparation(self, report: PreparationReport) -> None:
        self._preparing = report if report.done < report.total else None
        self._show_progress()

    def _show_strokes(self, seen: int, total: int) -> None:
        self.strokes_label.setText(strokes_sentence(seen, total))

    def _show_progress(self) -> None:
        if self._preparing is not None:
            self.progress_label.setText(preparation_sentence(self._preparing.done, self._preparing.total))
            return
        first = self._workbench.first_mask
        if first.running and self._workbench.state in _FREE:
            total = self._workbench.predicted_counts()[1]
            self.progress.setRange(0, max(total, 1))
            self.progress.setValue(total - first.missing)
            self.progress_label.setText(first_mask_sentence(first.name))
            return
        if self._last is None:
            self.progress.setValue(0)
            self.progress_label.setText("No steps yet")
            return
        speed = self._pace.steps_per_s if self._workbench.state in _TIMED else 0.0
        self.progress_label.setText(
            progress_sentence(self._last.step, self._last.total_steps, speed, self._pace.elapsed_s)
        )

    def _show_age(self) -> None:
        predicted, total = self._workbench.predicted_counts()
        preview = self._workbench.preview
        origin = self._workbench.first_mask.shown
        name = origin.name if origin is not None else ""
        age = age_sentence(self._workbench.prediction_age(), preview.shown, name)
        self.age_label.setText(age if total else "No scan on screen")
        self.coverage_label.setText(coverage_sentence(predicted, total, preview.count))

    def _tick(self) -> None:
        if self.isVisible():
            self._show_progress()
            self._show_age()

    def _make_labels(self) -> None:
        self.dot = label("●")
        self.state_label = line("strong")
        self.device_label = label("", "dim")
        self.device_label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.device_label.setToolTip("The device that trains")
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setRange(0, 1)
        self.progress.setAccessibleName("Progress of training")
        self.progress_label = line()
        self.strokes_label = line()
        self.strokes_label.setToolTip("Strokes that a training step has used, of those that you drew")
        self.age_label = line()
        self.age_label.setToolTip("How old the prediction on screen is")
        self.coverage_label = line()
        self.coverage_label.setToolTip("The slice on screen is predicted first, then the rest of the scan")

    def _connect(self) -> None:
        workbench = self._workbench
        workbench.state_changed.connect(self._show_state)
        workbench.run_started.connect(self._on_run_started)
        workbench.step_reported.connect(self._on_step)
        workbench.preparation_reported.connect(self._on_preparation)
        workbench.strokes_changed.connect(self._show_strokes)
        workbench.scan_shown.connect(self._on_scan)
        workbench.first_mask.changed.connect(self._show_first_mask)
        workbench.starts.changed.connect(self._name_train_button)
        # The age is shown on a timer, not on prediction_changed: a sweep reports hundreds of slices a minute.
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._tick)
        self._timer.start(_TICK_MS)

    def _on_scan(self, _case: str) -> None:
        self._show_age()
        self._show_first_mask()
