"""The scanner: receive coils, a finite piece of k-space, and noise."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from phantom.geometry import N_X, N_Y, OVERSAMPLING, FloatArray, Plane
from phantom.texture import Texture
from phantom.torso import trunk_distance

ACQUIRED_ROWS, ACQUIRED_COLUMNS = 136, 152
NOISE = 0.009
GREY_PER_SIGNAL = 100.0

_UNEVEN = Texture(41, 150.0)
_OFF_RESONANCE = Texture(42, 110.0)


def sensitivity(plane: Plane) -> FloatArray:
    """Return the receive sensitivity of the coils on chest and back, about 1 at the heart."""
    body = plane.body()
    left, post, _ = body
    depth_mm = np.clip(-trunk_distance(body), 0.0, None)
    front = np.exp(-depth_mm / 52.0) * np.clip(0.75 - post / 100.0, 0.15, 1.6)
    back = 0.55 * np.exp(-((120.0 - post) / 60.0).clip(0.0))
    left_side = 0.10 * np.clip(left / 100.0, -1.0, 1.0)
    return 0.80 + 0.34 * front + 0.22 * back + left_side + 0.05 * _UNEVEN(*body)


def banding(plane: Plane) -> FloatArray:
    """Return the factor by which off-resonance dims balanced steady-state free precession; dark in narrow bands."""
    left, post, sup = plane.body()
    edge = np.hypot(left - 20.0, post + 10.0) / 100.0
    angle = np.pi * (0.28 * _OFF_RESONANCE(left, post, sup) + 0.42 * edge**2)
    return 1.0 - 0.75 * np.exp(-((np.cos(angle / 2.0) / 0.16) ** 2))


def acquire(picture: FloatArray, rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Measure one slice.

    Parameters
    ----------
    picture : array (rows, columns) on the fine grid
        Signed signal, already weighted by coils and off-resonance.
    rng : Generator
        Draws the noise of this slice at this phase.

    Returns
    -------
    uint8 array (y, x)
        Magnitudes with Rician noise and faint ringing at sharp edges.
    """
    spectrum = np.fft.fftshift(np.fft.fft2(picture, norm="forward"))
    top = (spectrum.shape[0] - ACQUIRED_ROWS) // 2
    first = (spectrum.shape[1] - ACQUIRED_COLUMNS) // 2
    measured = spectrum[top : top + ACQUIRED_ROWS, first : first + ACQUIRED_COLUMNS]
    measured = measured + _receiver_noise(rng)
    padded = np.zeros((N_Y, N_X), complex)
    row, column = (N_Y - ACQUIRED_ROWS) // 2, (N_X - ACQUIRED_COLUMNS) // 2
    padded[row : row + ACQUIRED_ROWS, column : column + ACQUIRED_COLUMNS] = measured * _apodisation()
    half_pixel = np.exp(
        1j * np.pi * (_frequencies(N_Y)[:, None] + _frequencies(N_X)) * (OVERSAMPLING - 1) / OVERSAMPLING
    )
    image = np.abs(np.fft.ifft2(np.fft.ifftshift(padded * half_pixel), norm="forward"))
    return np.clip(np.rint(image * GREY_PER_SIGNAL), 0, 255).astype(np.uint8)


def _frequencies(n: int) -> FloatArray:
    return np.fft.fftshift(np.fft.fftfreq(n))


def _receiver_noise(rng: np.random.Generator) -> npt.NDArray[np.complex128]:
    shape = (ACQUIRED_ROWS, ACQUIRED_COLUMNS)
    scale = NOISE / np.sqrt(ACQUIRED_ROWS * ACQUIRED_COLUMNS)
    return scale * (rng.standard_normal(shape) + 1j * rng.standard_normal(shape))


def _apodisation() -> FloatArray:
    """Return a mild filter that leaves a faint trace of ringing, as scanners do."""
    rows = np.abs(np.linspace(-1, 1, ACQUIRED_ROWS))[:, None]
    columns = np.abs(np.linspace(-1, 1, ACQUIRED_COLUMNS))
    radius = np.maximum(rows, columns)
    return 1.0 / (1.0 + np.exp((radius - 0.88) / 0.07))
