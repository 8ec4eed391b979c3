"""Questions to the person at the screen, each one function, so that tests can answer them."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtGui import QIcon
from qtpy.QtWidgets import QFileDialog, QInputDialog, QMessageBox, QWidget

from napari_scribbleseg.labels import SCRIBBLE_PRESETS

NIFTI = "NIfTI (*.nii *.nii.gz)"
SCANS = "Scans (*.nii *.nii.gz *.dcm *.ima *.h5)"


def ask_open_file(parent: QWidget, title: str, kinds: str = NIFTI) -> Path | None:
    """Ask for a file to read: by default NIfTI."""
    path, _ = QFileDialog.getOpenFileName(parent, title, "", f"{kinds};;All files (*)")
    return Path(path) if path else None


def ask_weights_file(parent: QWidget) -> Path | None:
    """Ask for a file of trained weights."""
    path, _ = QFileDialog.getOpenFileName(parent, "Weights to start from", "", "Weights (*.safetensors);;All files (*)")
    return Path(path) if path else None


def ask_save_file(parent: QWidget, title: str, suggestion: str) -> Path | None:
    """Ask where to write a NIfTI file; a name without an ending gets `.nii.gz`."""
    path, _ = QFileDialog.getSaveFileName(parent, title, suggestion, NIFTI)
    if not path:
        return None
    return Path(path) if path.endswith((".nii", ".nii.gz")) else Path(f"{path}.nii.gz")


def ask_csv_file(parent: QWidget, suggestion: str) -> Path | None:
    """Ask where to write numbers; a name without an ending gets `.csv`."""
    path, _ = QFileDialog.getSaveFileName(parent, "Write the numbers", suggestion, "CSV (*.csv)")
    if not path:
        return None
    return Path(path) if path.lower().endswith(".csv") else Path(f"{path}.csv")


def ask_dicom_file(parent: QWidget, suggestion: str) -> Path | None:
    """Ask where to write a DICOM file; a name without an ending gets `.dcm`."""
    path, _ = QFileDialog.getSaveFileName(parent, "Export a DICOM segmentation", suggestion, "DICOM (*.dcm)")
    if not path:
        return None
    return Path(path) if path.lower().endswith(".dcm") else Path(f"{path}.dcm")


def ask_keep_patient(parent: QWidget) -> bool | None:
    """Ask whether a DICOM file shall carry the patient's data; None cancels."""
    box = QMessageBox(parent)
    box.setWindowTitle("DICOM segmentation")
    box.setText("Shall the file carry the patient's name and identifiers?")
    box.setInformativeText(
        "An archive needs them to file the mask with its images. Without them the identifiers of the images stay, so "
        "that the mask still belongs to them."
    )
    keep = box.addButton("Keep patient data", QMessageBox.ButtonRole.AcceptRole)
    strip = box.addButton("Leave them out", QMessageBox.ButtonRole.DestructiveRole)
    _add_cancel(box)
    box.exec()
    return {keep: True, strip: False}.get(box.clickedButton())


def ask_folder(parent: QWidget, title: str) -> Path | None:
    """Ask for an existing folder."""
    path = QFileDialog.getExistingDirectory(parent, title)
    return Path(path) if path else None


def ask_new_folder(parent: QWidget, title: str, suggestion: str) -> Path | None:
    """Ask for the name of a folder to create."""
    path, _ = QFileDialog.getSaveFileName(parent, title, suggestion)
    return Path(path) if path else None


def ask_scribble_preset(parent: QWidget) -> str | None:
    """Ask which numbers a scribble file uses; the convention is confirmed, never guessed."""
    titles = {preset.title: key for key, preset in SCRIBBLE_PRESETS.items()}
    chosen, accepted = QInputDialog.getItem(
        parent, "Import scribbles", "How does the file number its strokes?", list(titles), 0, False
    )
    return titles[chosen] if accepted else None


def confirm(parent: QWidget, title: str, question: str, yes: str) -> bool:
    """Ask before something that cannot be taken back; `yes` names the deed."""
    box = QMessageBox(QMessageBox.Icon.Question, title, question, QMessageBox.StandardButton.NoButton, parent)
    _add_cancel(box)
    deed = box.addButton(yes, QMessageBox.ButtonRole.AcceptRole)
    box.exec()
    return box.clickedButton() is deed


def ask_complete_first(parent: QWidget) -> bool | None:
    """Ask whether to predict what is missing before an export; None cancels the export."""
    box = QMessageBox(parent)
    box.setWindowTitle("Export mask")
    box.setText("Some slices were never predicted, or by older weights than the newest.")
    box.setInformativeText("Predict them first? The export then follows by itself.")
    first = box.addButton("Predict, then export", QMessageBox.ButtonRole.AcceptRole)
    as_is = box.addButton("Export as it is", QMessageBox.ButtonRole.DestructiveRole)
    _add_cancel(box)
    box.exec()
    return {first: True, as_is: False}.get(box.clickedButton())


def _add_cancel(box: QMessageBox) -> None:
    # The icon of some styles suits no theme.
    box.addButton(QMessageBox.StandardButton.Cancel).setIcon(QIcon())
