"""The licence of the weights is whole, and what a person was shown and has accepted is remembered."""

from __future__ import annotations

import json

import pytest

from napari_scribbleseg.api import licence


def test_the_text_has_the_summary_first_and_then_the_legal_code():
    text = licence.licence_text()
    assert text.startswith(licence.licence_summary())
    legal = text[len(licence.licence_summary()) :]
    assert "Section 8 – Interpretation." in legal
    assert "NonCommercial means not primarily intended for or directed towards commercial advantage" in legal


def test_the_summary_names_the_terms_and_whom_to_cite():
    summary = licence.licence_summary()
    for word in ("CC BY-NC-SA 4.0", licence.LICENCE_URL, "not commercial", "Bernard", "Valvano", "no medical device"):
        assert word in summary
    assert len(summary.splitlines()) < 40
    assert "=====" not in summary


def test_at_first_nothing_is_shown_or_accepted():
    assert not licence.is_shown()
    assert not licence.is_accepted()


def test_what_was_shown_is_not_yet_accepted():
    assert licence.mark_shown()
    assert licence.is_shown()
    assert not licence.is_accepted()


def test_accepting_is_remembered_and_showing_again_does_not_undo_it():
    assert licence.accept()
    assert licence.mark_shown()
    assert licence.is_accepted()


def test_another_text_is_asked_for_again(home):
    licence.accept()
    marker = home / "weights_licence.json"
    marker.write_text(json.dumps({**json.loads(marker.read_text()), "text_sha256": "of another text"}))
    assert not licence.is_shown()
    assert not licence.is_accepted()


@pytest.mark.parametrize("content", [b"", b"[]", b"\xff\xfe", b'{"accepted": '])
def test_a_damaged_marker_counts_as_none(home, content):
    home.mkdir()
    (home / "weights_licence.json").write_bytes(content)
    assert not licence.is_accepted()
    assert licence.accept()
    assert licence.is_accepted()


def test_where_nothing_can_be_written_the_question_comes_again(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("SCRIBBLESEG_HOME", str(tmp_path / "file"))
    assert not licence.accept()
    assert not licence.is_accepted()
