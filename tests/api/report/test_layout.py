"""Text is broken by the width that it will have, and leaves the slices their room."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from napari_scribbleseg.api.report import layout as page
from napari_scribbleseg.api.report.content import make_content
from napari_scribbleseg.api.report.style import MISSING_GLYPH, printable, shorten, width_mm, wrap
from napari_scribbleseg.cardiac.measurement import Flag
from tests.api.report.made import ORIGIN, make_measurement

WORDS = st.text(st.characters(codec="utf-8"), max_size=60)


@settings(max_examples=25, deadline=None)
@given(WORDS)
def test_no_line_is_wider_than_its_room_and_no_word_is_lost(text):
    lines = wrap(text, 20.0, 7)
    assert all(width_mm(line, 7) <= 20.0 for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())


@settings(max_examples=25, deadline=None)
@given(WORDS)
def test_a_shortened_text_fits_and_a_short_one_stays(text):
    shown = shorten(text, 25.0, 8)
    assert width_mm(shown, 8) <= 25.0 or len(shown) == 1
    if width_mm(text, 8) <= 25.0:
        assert shown == text


def test_a_bold_text_is_wider():
    assert width_mm("Ejection fraction", 8, "bold") > width_mm("Ejection fraction", 8)


def test_without_a_bulls_eye_the_slices_get_its_room(scan):
    with_eye, without = (
        page.lay_out(make_content(scan.cine, make_measurement(**changes), ORIGIN))
        for changes in ({}, {"bulls_eye": None})
    )
    assert without.montage_mm - with_eye.montage_mm == pytest.approx(page.BULLS_EYE_MM - page.NO_BULLS_EYE_MM)


def test_what_the_font_lacks_gets_a_stand_in():
    assert printable("heart 心\n\tµ²") == f"heart {MISSING_GLYPH} µ²"


def layout_of(scan, **changes):
    return page.lay_out(make_content(scan.cine, make_measurement(**changes), ORIGIN))


@pytest.mark.parametrize("n", [0, 3, 12, 40])
def test_the_page_is_used_up_and_the_slices_keep_their_room(scan, n):
    sentences = tuple(f"Sentence {i} says how a number was made, at some length. " * 3 for i in range(n))
    layout = layout_of(scan, conventions=sentences, flags=tuple(Flag("x", sentence) for sentence in sentences))
    assert layout.montage_mm >= page.LEAST_MONTAGE_MM - 1e-6
    used = page._FIXED_MM + layout.bulls_eye_mm + layout.flags_mm + layout.methods_mm + layout.montage_mm
    assert used == pytest.approx(page.HEIGHT)


def test_flags_that_have_no_room_are_counted(scan):
    flags = tuple(Flag("x", f"Flag {i}.") for i in range(14))
    layout = layout_of(scan, flags=flags)
    assert (len(layout.flags), layout.more_flags) == (9, 5)


def test_a_very_long_sentence_says_where_the_rest_is(scan):
    layout = layout_of(scan, conventions=("slice 0 of phase 0, " * 100,))
    lines = [line for column in layout.methods for line in column]
    cut = [line for line in lines if line.endswith(page.CUT)]
    assert len(cut) == 1
    assert lines.index(cut[0]) == page.MOST_SENTENCE_LINES - 1


def test_small_print_gets_smaller_before_it_is_cut(scan):
    few, many = (layout_of(scan, conventions=tuple(["Some sentence. " * 12] * n)) for n in (3, 16))
    assert few.method_pt == page.METHOD_PTS[0]
    assert many.method_pt < few.method_pt


def test_no_sentence_is_broken_between_columns(scan):
    layout = layout_of(scan, conventions=tuple("Some words again. " * n for n in (3, 9, 2, 8, 1, 7)))
    assert [column[0][0] for column in layout.methods] == [page.MARK, page.MARK]
    assert abs(len(layout.methods[0]) - len(layout.methods[1])) <= page.MOST_SENTENCE_LINES
