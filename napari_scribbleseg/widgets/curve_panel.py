"""Live curves: the loss terms, and the accuracy on strokes held out of training."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyqtgraph as pg
from qtpy.QtCore import QTimer
from qtpy.QtWidgets import QWidget

from napari_scribbleseg.types import HeldOutReport, StepReport
from napari_scribbleseg.widgets.parts import column, label
from napari_scribbleseg.widgets.series import BoundedSeries

if TYPE_CHECKING:
    from napari_scribbleseg.qt.workbench import Workbench
    from napari_scribbleseg.widgets.style import Palette

REDRAW_MS = 250
TERM_COLOURS = ("#56B4E9", "#D55E00", "#F0E442", "#CC79A7")
HELD_OUT_COLOUR = "#2FA36B"
_TERM_NAMES = {"partial_ce": "pCE", "pseudo_label": "pseudo"}


class CurvePanel(QWidget):
    """Loss terms on the left axis, held-out accuracy in % on the right, redrawn at most four times a second."""

    def __init__(self, workbench: Workbench, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._workbench = workbench
        self._terms: dict[str, BoundedSeries] = {}
        self._curves: dict[str, pg.PlotDataItem] = {}
        self._held_out = BoundedSeries()
        self._latest: dict[str, float] = {}
        self._accuracy: HeldOutReport | None = None
        self._text_colour = "#888888"
        self.legend = label("", "dim", wrap=True)
        self.plot = self._make_plot()
        column(self, self.legend, self.plot)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(REDRAW_MS)
        self._timer.timeout.connect(self.redraw)
        workbench.step_reported.connect(self._on_step)
        workbench.held_out_reported.connect(self._on_held_out)
        workbench.run_started.connect(self._on_run_started)
        self._write_legend()

    def recolour(self, palette: Palette) -> None:
        """Take the colours of a theme."""
        self._text_colour = palette.dim
        self.plot.setBackground(palette.background)
        for side in ("left", "bottom", "right"):
            axis = self.plot.getAxis(side)
            axis.setPen(palette.line)
            axis.setTextPen(palette.dim)
        self._write_legend()

    def redraw(self) -> None:
        """Draw what has come in since."""
        for name, series in self._terms.items():
            self._curves[name].setData(*series.xy)
        self._accuracy_curve.setData(*self._held_out.xy)
        self._write_legend()

    def clear(self) -> None:
        """Forget all curves."""
        for curve in self._curves.values():
            self.plot.removeItem(curve)
        self._terms.clear()
        self._curves.clear()
        self._latest.clear()
        self._held_out.clear()
        self._accuracy = None
        self.redraw()

    @property
    def n_points(self) -> int:
        """Return how many points are drawn."""
        return sum(map(len, self._terms.values())) + len(self._held_out)

    def _on_run_started(self) -> None:
        if not self._workbench.continuing:
            self.clear()

    def _on_step(self, report: StepReport) -> None:
        for name, value in report.terms.items():
            if name not in self._terms:
                self._add_curve(name)
            self._terms[name].add(report.step, value)
            self._latest[name] = value
        self._schedule()

    def _on_held_out(self, report: HeldOutReport) -> None:
        self._held_out.add(report.step, 100 * report.accuracy)
        self._accuracy = report
        self._schedule()

    def _schedule(self) -> None:
        if not self._timer.isActive():
            self._timer.start()

    def _add_curve(self, name: str) -> None:
        colour = TERM_COLOURS[len(self._terms) % len(TERM_COLOURS)]
        self._terms[name] = BoundedSeries()
        self._curves[name] = self.plot.plot(pen=pg.mkPen(colour, width=1))

    def _write_legend(self) -> None:
        parts = [
            _entry(TERM_COLOURS[i % len(TERM_COLOURS)], f"{_TERM_NAMES.get(name, name)} {self._latest[name]:.2f}")
            for i, name in enumerate(self._terms)
        ]
        if self._accuracy is not None:
            parts.append(_entry(HELD_OUT_COLOUR, f"held out {self._accuracy.accuracy:.0%}"))
        self.legend.setText(" &nbsp; ".join(parts) or "Loss and held-out accuracy appear here")

    def _make_plot(self) -> pg.PlotWidget:
        # Thin lines without antialiasing: a redraw must not be felt while painting.
        plot = pg.PlotWidget(antialias=False)
        plot.setFixedHeight(104)
        plot.setMenuEnabled(False)
        plot.setMouseEnabled(False, False)
        plot.hideButtons()
        plot.setToolTip("Left: weighted loss terms. Right: accuracy in % on strokes kept out of training.")
        plot.setAccessibleName("Curves of loss and held-out accuracy")
        for side in ("left", "right"):
            plot.showAxis(side)
            plot.getAxis(side).setStyle(tickLength=-3)
            plot.getAxis(side).setWidth(30)
        plot.getAxis("bottom").setStyle(tickLength=-3)
        plot.getAxis("bottom").setHeight(18)
        plot.getPlotItem().setContentsMargins(0, 7, 0, 0)
        self._right = pg.ViewBox(enableMouse=False, enableMenu=False)
        plot.scene().addItem(self._right)
        plot.getAxis("right").linkToView(self._right)
        self._right.setXLink(plot.getPlotItem())
        self._right.setYRange(0, 100, padding=0.03)
        self._accuracy_curve = pg.PlotDataItem(
            pen=pg.mkPen(HELD_OUT_COLOUR, width=2),
            symbol="o",
            symbolSize=4,
            symbolPen=None,
            symbolBrush=HELD_OUT_COLOUR,
        )
        self._right.addItem(self._accuracy_curve)
        plot.getViewBox().sigResized.connect(self._align)
        plot.getViewBox().setLimits(yMin=0)
        return plot

    def _align(self) -> None:
        self._right.setGeometry(self.plot.getViewBox().sceneBoundingRect())


def _entry(colour: str, text: str) -> str:
    return f'<span style="color:{colour}">●</span>&nbsp;{text.replace(" ", "&nbsp;")}'
