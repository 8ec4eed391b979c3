"""What annotating costs in seconds, by the keystroke-level model."""

from __future__ import annotations

import math
from dataclasses import dataclass

QUARTER_TURN = math.pi / 2


@dataclass(frozen=True)
class Costs:
    """Seconds of a person at the screen.

    The operators and their times are those of Card, Moran and Newell (Communications of the ACM 23, 1980): a person who
    knows the program and makes no error. Their time for drawing was measured with a mouse on straight lines; here a
    quarter turn of a curved stroke counts as one more line. The glance is the mean eye movement of the same authors
    (The Psychology of Human-Computer Interaction, 1983). The scale of the screen is our assumption: 180 mm around the
    heart fill a view of 24 cm.

    Attributes
    ----------
    think_s : float
        M, to make up one's mind where and what to draw, once a stroke.
    key_s : float
        K, a key: another class, or one slice further.
    point_s : float
        P, to bring the pointer to where the stroke begins.
    button_s : float
        Two B, to press and release the button.
    line_s, draw_s_per_cm : float
        D, drawing: for each straight line, and for each cm on the screen.
    glance_s : float
        To see whether a slice is right, besides the key that shows it.
    screen_cm_per_mm : float
        How large a mm of the patient is on the screen.
    """

    think_s: float = 1.35
    key_s: float = 0.2
    point_s: float = 1.1
    button_s: float = 0.2
    line_s: float = 0.9
    draw_s_per_cm: float = 0.16
    glance_s: float = 0.23
    screen_cm_per_mm: float = 24 / 180

    def stroke_s(self, length_mm: float, turning_rad: float, slices_away: int, is_other_class: bool) -> float:
        """Return what one stroke costs, from the thought to the release of the button.

        Parameters
        ----------
        length_mm : length of the path on the patient
        turning_rad : how much the path turns on its way, in all
        slices_away : how many slices (and phases) lie between the last stroke and this one
        is_other_class : whether another class must be chosen first
        """
        keys_s = self.key_s * (slices_away + is_other_class)
        drawing_s = self.line_s * (1 + turning_rad / QUARTER_TURN)
        drawing_s += self.draw_s_per_cm * self.screen_cm_per_mm * length_mm
        return self.think_s + keys_s + self.point_s + self.button_s + drawing_s

    def look_through_s(self, n_slices: int) -> float:
        """Return what it costs to look at all slices once, in search of the worst mistake."""
        return n_slices * (self.key_s + self.glance_s)
