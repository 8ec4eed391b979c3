from __future__ import annotations

from napari_scribbleseg.cardiac import Body, Choices, Phases
from napari_scribbleseg.cardiac.conventions import PAPILLARY, tell_conventions

FOUND = Phases(0, 7)


def tell(phases=FOUND, choices=None, rate=None, hand=None) -> str:
    sentences = tell_conventions(phases, choices or Choices(), rate, hand)
    assert all(sentence.endswith(".") for sentence in sentences)
    return "\n".join(sentences)


def test_volumes_papillary_muscles_mass_and_thickness_are_always_told():
    said = tell()
    for words in ("summation of discs", PAPILLARY, "1.05 g/mL", "Sheehan 1986", "RV insertion points"):
        assert words in said


def test_papillary_muscles_are_named_as_cavity_with_what_that_shifts():
    assert "count as cavity, as in ACDC" in PAPILLARY
    assert "9 %" in PAPILLARY
    assert "4 points" in PAPILLARY


def test_the_source_of_each_phase_is_told():
    assert "ED is phase 0 and ES phase 7, counted from 0, found from the LV volume of all slices" in tell()
    said = tell(Phases(0, 7, "Info.cfg", "Info.cfg"))
    assert "taken from Info.cfg" in said
    said = tell(Phases(0, 9, "volumes", "chosen"))
    assert "ED is phase 0, counted from 0, found" in said
    assert "ES is phase 9, counted from 0, chosen by hand" in said


def test_left_out_slices_are_listed():
    assert "slice 1 of phase 0; slice 0 of phase 7." in tell(choices=Choices(excluded=frozenset({(7, 0), (0, 1)})))
    assert "left out by hand" not in tell()


def test_phases_without_the_same_slices_share_their_words():
    often = Choices(excluded=frozenset((t, z) for t in range(20) for z in (0, 1, 9)) | {(30, 2)})
    assert "slices 0, 1 and 9 of phases 0 to 19; slice 2 of phase 30." in tell(choices=often)


def test_a_single_phase_is_told_once():
    said = tell(Phases(4, 4))
    assert "Phase 4, counted from 0, is the only one measured" in said
    assert "ES phase" not in said


def test_what_is_not_known_is_not_told():
    assert "heart rate" not in tell()
    assert "Mosteller" not in tell()


def test_heart_rate_and_body_are_told_with_their_source():
    said = tell(choices=Choices(body=Body(180, 80)), rate=66.7)
    assert "67 beats per minute are worked out from the timing" in said
    assert "2.00 m²" in said
    assert "70 beats per minute are given" in tell(choices=Choices(heart_rate_bpm=70), rate=70)


def test_what_decides_the_anterior_wall_is_told():
    assert "the upper one on screen" in tell(hand=None)
    assert "geometry" in tell(hand=True)
    assert "geometry" in tell(hand=False)
