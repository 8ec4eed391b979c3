"""Height, weight and heart rate, which no mask can tell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qtpy.QtWidgets import QDoubleSpinBox, QFormLayout, QWidget

from napari_scribbleseg.widgets.parts import label

if TYPE_CHECKING:
    from napari_scribbleseg.qt.results_desk import ResultsDesk

UNKNOWN = "–"


class BodyForm(QWidget):
    """Shows what is known of a patient's size and pulse, and hands on what a person types."""

    def __init__(self, desk: ResultsDesk, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._desk = desk
        self.height_box = _box("Height", " cm", 250, "Height of the patient, for indices by body surface (Mosteller)")
        self.weight_box = _box("Weight", " kg", 400, "Weight of the patient, for indices by body surface (Mosteller)")
        self.pulse_box = _box("Heart rate", " /min", 240, "Heart rate, for the cardiac output; the timing may tell it")
        form = QFormLayout(self)
        form.setContentsMargins(0, 0, 0, 0)
        form.setVerticalSpacing(2)
        form.setHorizontalSpacing(6)
        for name, box in (("Height", self.height_box), ("Weight", self.weight_box), ("Pulse", self.pulse_box)):
            form.addRow(label(name, "dim"), box)
        self.height_box.valueChanged.connect(lambda _value: self._hand_on_body())
        self.weight_box.valueChanged.connect(lambda _value: self._hand_on_body())
        self.pulse_box.valueChanged.connect(lambda _value: self._hand_on_pulse())

    def refresh(self, heart_rate_bpm: float | None) -> None:
        """Show what counts now; `heart_rate_bpm` is the one that was measured with."""
        choices = self._desk.choices
        _show(self.height_box, choices.body.height_cm)
        _show(self.weight_box, choices.body.weight_kg)
        _show(self.pulse_box, heart_rate_bpm if choices.heart_rate_bpm is None else choices.heart_rate_bpm)
        shown = self._desk.here is not None
        for box in (self.height_box, self.weight_box, self.pulse_box):
            box.setEnabled(shown)

    def _hand_on_body(self) -> None:
        told = self._desk.told.body
        height, weight = self.height_box.value(), self.weight_box.value()
        self._desk.set_body(_own(height, told.height_cm), _own(weight, told.weight_kg))

    def _hand_on_pulse(self) -> None:
        self._desk.set_heart_rate(self.pulse_box.value())


def _box(name: str, unit: str, most: float, tip: str) -> QDoubleSpinBox:
    box = QDoubleSpinBox()
    box.setRange(0, most)
    box.setDecimals(0)
    box.setSuffix(unit)
    box.setSpecialValueText(UNKNOWN)
    box.setKeyboardTracking(False)
    box.setToolTip(tip)
    box.setAccessibleName(name)
    return box


def _own(value: float, told: float | None) -> float | None:
    """Return what a person typed; None where it is what the file says, to the digits that are shown."""
    return None if not value or (told is not None and round(told) == value) else value


def _show(box: QDoubleSpinBox, value: float | None) -> None:
    if box.hasFocus():
        return
    box.blockSignals(True)
    box.setValue(value or 0)
    box.blockSignals(False)
