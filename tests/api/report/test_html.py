"""The HTML page holds all it shows, loads nothing, and takes no text for markup."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

from napari_scribbleseg.api.report.content import list_rows, make_content
from napari_scribbleseg.api.report.html import make_html
from napari_scribbleseg.api.report.pdf import Pictures
from napari_scribbleseg.cardiac.measurement import Flag
from tests.api.report.made import CURVE, FLAGS, METHODS, ORIGIN, make_measurement

VOID = {"meta", "img", "br", "link", "input"}


class Reader(HTMLParser):
    """Collects tags, table rows and list items."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict]] = []
        self.rows: list[list[str]] = []
        self.items: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")
        elif tag == "li":
            self.items.append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data
        elif "li" in self.open:
            self.items[-1] += data

    def all(self, tag: str) -> list[dict]:
        return [attrs for name, attrs in self.tags if name == tag]


def read(text: str) -> Reader:
    reader = Reader()
    reader.feed(text)
    assert reader.open == []
    return reader


def html_of(scan, measurement, title="MUSTERMANN_cine") -> str:
    cine = replace(scan.cine, title=title)
    return make_html(make_content(cine, measurement, ORIGIN), Pictures(cine, scan.mask, measurement))


@pytest.fixture(scope="module")
def page(written) -> Reader:
    return read(written.html.read_text(encoding="utf-8"))


def test_the_table_holds_what_the_measurement_says(page, scan):
    rows = list_rows(scan.measurement)
    assert len(page.rows) == len(rows) + 1
    for cells, row in zip(page.rows[1:], rows, strict=True):
        name = f"{row.name} {row.short}".strip()
        assert [cell.strip() for cell in cells] == [
            name,
            row.lv,
            row.rv,
            row.unit,
            row.lv_indexed,
            row.rv_indexed,
            row.unit_indexed,
        ]


def test_nothing_is_loaded_from_elsewhere(page, written):
    assert not page.all("script")
    assert not page.all("link")
    assert all(image["src"].startswith("data:image/") for image in page.all("img"))
    assert not re.search(r"url\(|@import|https?://", written.html.read_text().split("base64")[0])
    policy = next(meta["content"] for meta in page.all("meta") if "http-equiv" in meta)
    assert policy == "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def test_its_pictures_are_whole_and_told_in_words(page):
    curve, eye, montage = page.all("img")
    for picture in (curve, eye):
        root = ElementTree.fromstring(base64.b64decode(picture["src"].partition(",")[2]))
        assert root.tag.endswith("svg")
    assert base64.b64decode(montage["src"].partition(",")[2]).startswith(b"\x89PNG")
    assert ", ".join(f"{value:.0f}" for value in CURVE) in curve["alt"]
    assert "at ED 6, 6, 6, 7" in eye["alt"]
    assert "phase 0" in montage["alt"]
    assert "phase 3" in montage["alt"]


def test_flags_and_methods_are_listed(page):
    assert [flag.text for flag in FLAGS] == page.items[:2]
    assert list(METHODS) == page.items[2:-1]
    assert "not looked at by a person" in page.items[-1]
    assert [item["data-code"] for item in page.all("li") if "data-code" in item] == ["touches_border", "base_cut"]


def test_names_and_flags_are_text_and_flags_without_room_on_paper_are_on_screen(scan):
    evil = '<script>alert("1")</script>'
    many = (Flag("<b>", evil), *(Flag(f"flag_{i}", f"Flag number {i} of many.") for i in range(13)))
    text = html_of(scan, make_measurement(flags=many), title=f"{evil}&amp;")
    assert "<script" not in text
    page = read(text)
    assert page.items[0] == evil
    flags = [item for item in page.all("li") if "data-code" in item]
    assert ["unprinted" in item["class"] for item in flags] == [False] * 9 + [True] * 5
    assert "… and 5 more, in indices.json." in page.items


def test_without_flags_it_says_so(scan):
    text = html_of(scan, make_measurement(flags=()))
    assert "No quality flag was raised." in text
    assert 'class="flags none"' in text


def test_the_same_content_gives_the_same_page(scan):
    content = make_content(scan.cine, scan.measurement, ORIGIN)
    pictures = Pictures(scan.cine, scan.mask, scan.measurement)
    assert make_html(content, pictures) == make_html(content, pictures)
