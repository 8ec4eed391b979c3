"""The settings of training, with the paper's defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from magicgui.widgets import ComboBox, Container, FloatSpinBox, SpinBox, Widget
from qtpy.QtCore import Qt
from qtpy.QtWidgets import QCheckBox, QGridLayout, QWidget

from napari_scribbleseg.engine.postprocess import PostProcessing
from napari_scribbleseg.settings import RESOLUTIONS, SCHEDULES, SettingsError, TrainSettings
from napari_scribbleseg.types import RunState, StateChanged
from napari_scribbleseg.widgets import dialogs
from napari_scribbleseg.widgets.parts import button, column, label, row
from napari_scribbleseg.widgets.settings_form import FIXED, MIXED, RANDOM, form_values, settings_from

if TYPE_CHECKING:
    from qtpy.QtGui import QShowEvent

    from napari_scribbleseg.qt.workbench import Workbench
    from napari_scribbleseg.widgets.train_panel import TrainPanel

_CHOICES_BEFORE_TORCH = ("dmpls", "pce")
_SCHEDULE_TIP = (
    "live: constant rate, rests by itself\n"
    "finetune: the same, and keeps what the weights know\n"
    "protocol: falling rate over all steps"
)
_CLEANING = {
    "largest": ("Islands", "Keep the largest part of each class, and what is not much smaller"),
    "holes": ("Holes", "Fill holes in the ventricles and in the heart muscle"),
    "ring": ("Ring", "Close narrow gaps in the heart muscle around LV"),
    "border": ("Border", "Move the border of LV to where the blood ends, by the brightness, 3.5 mm at most"),
}
_BUSY = (RunState.STARTING, RunState.RUNNING, RunState.RESTING, RunState.PAUSED, RunState.FINISHING)


class AdvancedPanel(QWidget):
    """A form over :class:`TrainSettings`; what is chosen counts from the next run on."""

    def __init__(self, workbench: Workbench, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workbench = workbench
        self._methods_known = False
        self._base = workbench.settings
        self._start = workbench.starts.chosen
        self.form = Container(widgets=_fields(), labels=False)
        self.problem_label = label("", "dim", wrap=True)
        self.problem_label.hide()
        self.reset_button = button("Reset to defaults", "Back to the paper's values", self.reset)
        self.fresh_button = button("Start over", "Train from scratch and forget the weights learned so far")
        self.cleaning_boxes = {name: self._make_box(name) for name in _CLEANING}
        cleaning = label("Clean up")
        cleaning.setToolTip("What is put right in predictions before they are shown; strokes are never touched")
        column(
            self,
            row(cleaning),
            row(*self.cleaning_boxes.values()),
            self._lay_out(),
            self.problem_label,
            row(self.reset_button, self.fresh_button),
        )
        self.form.method.changed.connect(self._enable_mixing)
        self.form.alpha_mode.changed.connect(self._enable_mixing)
        workbench.session_changed.connect(self._on_session)
        workbench.starts.changed.connect(self._on_start)
        workbench.state_changed.connect(self._on_state)
        self.show_settings(workbench.settings)

    def connect_trainer(self, train_panel: TrainPanel) -> None:
        """Let “Start over” train through the panel that governs training."""

        def start_over() -> None:
            question = "The weights learned in this session are forgotten. Your strokes and masks stay."
            if dialogs.confirm(self, "Start over", question, "Start over"):
                train_panel.train(fresh=True)

        self.fresh_button.clicked.connect(lambda _checked=False: start_over())

    def settings(self) -> TrainSettings | None:
        """Return the chosen settings, or None with a sentence in the form when a value is out of range."""
        try:
            chosen = settings_from(self._values(), self._base)
        except SettingsError as error:
            self.problem_label.setText(str(error))
            self.problem_label.show()
            return None
        self.problem_label.hide()
        return chosen

    def show_settings(self, settings: TrainSettings) -> None:
        """Fill the form."""
        self._base = settings
        values = form_values(settings)
        if settings.method not in self.form.method.choices:
            self.form.method.choices = (*self.form.method.choices, settings.method)
        for name, value in values.items():
            self.form[name].value = value
        self._enable_mixing()

    def reset(self) -> None:
        """Show the defaults again."""
        self.show_settings(self._workbench.starts.defaults)

    def showEvent(self, event: QShowEvent) -> None:
        """Fill the list of methods on first sight; their discovery imports torch, which start-up should not."""
        super().showEvent(event)
        if not self._methods_known:
            self._methods_known = True
            self._list_methods()

    def _list_methods(self) -> None:
        try:
            from napari_scribbleseg.methods import METHODS, Supervision
        except (ImportError, OSError):
            return
        # The others learn from whole masks, which nobody draws in here; they are for the benchmark.
        usable = {key: cls for key, cls in METHODS.items() if cls.supervision is Supervision.SCRIBBLES}
        chosen = self.form.method.value
        self.form.method.choices = [*usable, *({chosen} - usable.keys())]
        self.form.method.value = chosen
        tips = {key: f"{key}: {cls.title} ({cls.reference})" for key, cls in usable.items()}
        self.form.method.tooltip = "\n".join(tips.values())
        for line, key in enumerate(self.form.method.choices):
            self.form.method.native.setItemData(line, tips.get(key, ""), Qt.ItemDataRole.ToolTipRole)

    def _lay_out(self) -> QWidget:
        # Two columns: magicgui's own rows do not align their labels under napari's style sheet.
        sheet = QWidget()
        grid = QGridLayout(sheet)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setVerticalSpacing(3)
        grid.setColumnStretch(1, 1)
        for line, field in enumerate(self.form):
            title = label(field.label)
            title.setBuddy(field.native)
            title.setToolTip(field.tooltip)
            field.native.setAccessibleName(field.label)
            grid.addWidget(title, line, 0)
            grid.addWidget(field.native, line, 1)
        return sheet

    def _values(self) -> dict[str, Any]:
        return {widget.name: widget.value for widget in self.form}

    def _enable_mixing(self, _value: object = None) -> None:
        mixed = self.form.method.value == MIXED
        self.form.pseudo_weight.enabled = mixed
        self.form.alpha_mode.enabled = mixed
        self.form.alpha.enabled = mixed and self.form.alpha_mode.value == FIXED

    def _make_box(self, name: str) -> QCheckBox:
        title, tip = _CLEANING[name]
        box = QCheckBox(title)
        box.setToolTip(tip)
        box.setAccessibleName(f"Clean up: {title}")
        box.setChecked(getattr(self._workbench.post, name))
        box.toggled.connect(lambda _on: self._clean())
        return box

    def _clean(self) -> None:
        self._workbench.set_post(PostProcessing(**{name: b.isChecked() for name, b in self.cleaning_boxes.items()}))

    def _show_cleaning(self) -> None:
        for name, box in self.cleaning_boxes.items():
            box.blockSignals(True)  # else the first box that changes would set the others' old state
            box.setChecked(getattr(self._workbench.post, name))
            box.blockSignals(False)

    def _on_session(self, _path: str) -> None:
        self.show_settings(self._workbench.settings)
        self._show_cleaning()

    def _on_start(self) -> None:
        # What a person has put into the form stays until something else is chosen to begin with.
        chosen, before = self._workbench.starts.chosen, self._start
        self._start = chosen
        if chosen != before:
            self.show_settings(self._workbench.settings)

    def _on_state(self, change: StateChanged) -> None:
        self.fresh_button.setEnabled(change.state not in _BUSY)


def _fields() -> list[Widget]:
    def number(name: str, shown: str, tip: str, low: float, high: float, step: float) -> FloatSpinBox:
        return FloatSpinBox(name=name, label=shown, tooltip=tip, min=low, max=high, step=step)

    def count(name: str, shown: str, tip: str, low: int, high: int) -> SpinBox:
        return SpinBox(name=name, label=shown, tooltip=tip, min=low, max=high)

    def choice(name: str, shown: str, tip: str, choices: tuple[str, ...]) -> ComboBox:
        return ComboBox(name=name, label=shown, tooltip=tip, choices=choices)

    return [
        choice("method", "Method", "How the strokes are learned from", _CHOICES_BEFORE_TORCH),
        number("pseudo_weight", "λ pseudo labels", "Weight of the pseudo-label term (eq. 4); .5", 0, 10, 0.05),
        choice("alpha_mode", "α mixing", "How the two decoders are mixed (eq. 2)", (RANDOM, FIXED)),
        number("alpha", "α if fixed", "Share of the main decoder in the mixture", 0, 1, 0.05),
        number("learning_rate", "Learning rate", "Of SGD; .01", 0.0001, 1, 0.001),
        count("steps", "Steps", "Planned steps of a run", 0, 1_000_000),
        count("batch_size", "Batch size", "Slices in a step", 1, 256),
        choice("resolution", "Resolution", "roi: 1.4 mm around the heart; protocol: 256 × 256 slices", RESOLUTIONS),
        choice("schedule", "Schedule", _SCHEDULE_TIP, SCHEDULES),
        number("ema_decay", "EMA decay", "Average of the weights that predicts; 0 turns it off", 0, 0.9999, 0.01),
        number("held_out", "Held out", "Share of the older strokes kept to measure accuracy", 0, 0.9, 0.05),
        choice("device", "Device", "auto: CUDA, else Apple's MPS, else the CPU", ("auto", "cpu", "cuda", "mps")),
        count("threads", "CPU threads", "0 leaves one core to the window", 0, 256),
        count("seed", "Seed", "Same seed and same strokes, same result on a CPU", 0, 2**31 - 1),
    ]
