"""The benchmark from the command line."""

from __future__ import annotations

import pytest

from napari_scribbleseg.bench import commands
from napari_scribbleseg.bench import run as bench_run
from napari_scribbleseg.bench.__main__ import main as bare_main
from napari_scribbleseg.bench.request import Request
from napari_scribbleseg.cli import output

SUMMARY = {"out": "out", "cells": 3, "done": 2, "failed": {}, "left": [], "reason": "completed", "seconds": 1.5}


@pytest.fixture
def asked(monkeypatch):
    """Let nothing run; return the requests that were made, and what the next run shall answer."""
    requests, answers = [], [dict(SUMMARY)]

    def run_bench(request, listen):
        requests.append(request)
        return answers[-1]

    monkeypatch.setattr(bench_run, "run_bench", run_bench)
    return requests, answers


@pytest.fixture(params=["cyclopts", "argparse"])
def call(request, run, capsys):
    """Call `bench` through the package's command line, or through the one for bare machines."""
    if request.param == "cyclopts":
        return lambda *argv: run("bench", *argv)

    def bare(*argv):
        from types import SimpleNamespace

        capsys.readouterr()
        code = bare_main([str(word) for word in argv])
        said = capsys.readouterr()
        return SimpleNamespace(code=code, out=said.out, err=said.err)

    return bare


@pytest.mark.parametrize("command", ["run", "report", "pack", "list", "annotate", "annotate-report"])
def test_every_command_teaches_by_example(run, command):
    said = run("bench", command, "--help")
    assert said.code == 0
    assert f"napari-scribbleseg bench {command}" in said.out.split("Example")[1]


def test_arguments_become_a_request_and_both_command_lines_agree(call, asked, tmp_path):
    argv = ["run", "--acdc", tmp_path, "--out", tmp_path / "out", "--methods", "pce,dmpls", "--folds", "1-5"]
    argv += ["--seeds", "0", "--lambdas", ".01,.1", "--steps", "9", "--resolution", "roi", "--batch-size", "2"]
    argv += ["--workers", "3", "--device", "cpu", "--budget-s", "60", "--scheduler", "local", "--threads", "1"]
    argv += ["--patients", "1-40", "--row-options", "dmpls.alpha=0.5", "--gpu-resource", "--half-weights"]
    assert call(*argv).code == 0
    assert asked[0] == [
        Request(
            out=tmp_path / "out",
            acdc=tmp_path,
            methods="pce,dmpls",
            lambdas=".01,.1",
            resolution="roi",
            steps=9,
            batch_size=2,
            patients="1-40",
            row_options=("dmpls.alpha=0.5",),
            workers=3,
            threads=1,
            device="cpu",
            budget_s=60.0,
            scheduler="local",
            gpu_resource=True,
            half_weights=True,
        )
    ]


def test_what_is_not_given_is_the_papers_protocol(call, asked, tmp_path):
    call("run", "--pack", tmp_path / "p.h5", "--out", tmp_path)
    assert asked[0] == [Request(out=tmp_path, pack=tmp_path / "p.h5")]


@pytest.mark.parametrize(
    ("changes", "code", "sentence"),
    [
        ({}, output.OK, "2 of 3 cells done after 1.5 s (completed)."),
        ({"failed": {"a": "no luck"}}, output.FAILED, "a failed: no luck"),
        ({"reason": "out of time", "left": ["a"]}, output.OK, "1 cells are left; the same command goes on with them."),
        ({"reason": "interrupted", "left": ["a"]}, output.INTERRUPTED, "(interrupted)"),
    ],
)
def test_the_end_of_a_run_is_told_in_words_and_as_a_code(call, asked, tmp_path, changes, code, sentence):
    asked[1].append({**SUMMARY, **changes})
    said = call("run", "--acdc", tmp_path, "--out", tmp_path)
    assert said.code == code
    assert sentence in said.out


def test_with_json_the_summary_is_all_there_is_on_stdout(run, asked, tmp_path):
    assert run("bench", "run", "--acdc", tmp_path, "--out", tmp_path, "--json").json == SUMMARY


@pytest.mark.parametrize(
    ("argv", "sentence"),
    [
        (["run", "--out", "out"], "either --acdc DIR or --pack FILE"),
        (["run", "--acdc", "nowhere", "--out", "out", "--methods", "dmls"], "no row or group 'dmls'"),
        (["run", "--acdc", "nowhere", "--out", "out", "--device", "cpu"], "There is no nowhere"),
        (["report", "nowhere"], "nowhere holds no bench.json"),
        (["list", "--methods", "none"], "no row or group 'none'"),
        (["pack", "--acdc", "nowhere", "--out", "pack.zip"], ".h5"),
    ],
)
def test_bad_input_is_one_sentence(call, tmp_path, monkeypatch, argv, sentence):
    monkeypatch.chdir(tmp_path)
    said = call(*argv)
    assert said.code == output.BAD_INPUT
    assert sentence in said.err
    assert "Traceback" not in said.err
    assert list(tmp_path.iterdir()) == []


def test_the_list_names_rows_by_section_and_groups(call):
    said = call("list")
    assert said.code == 0
    for word in ("dmpls_auxiliary", "Learning from scribbles (scribbles)", "baseline_grabcut", "Groups: all, table1"):
        assert word in said.out


def test_the_list_can_be_read_by_machines(run):
    said = run("bench", "list", "--methods", "dmpls_alpha_half", "--json")
    assert said.json["rows"] == [
        {"key": "dmpls_alpha_half", "title": "DMPLS, α = 0.5", "section": "ablation", "options": {"alpha": 0.5}}
    ]
    assert "pce" in said.json["groups"]["table1"]


def test_a_report_tells_its_findings_and_its_gaps(call, monkeypatch, tmp_path):
    class Written:
        findings, gaps, page = ("DMPLS is ahead.",), ("One cell is missing.",), tmp_path / "report.md"

        def to_json(self):
            return {}

    heard = []
    monkeypatch.setattr(
        "napari_scribbleseg.bench.report.write_report", lambda folder, show_scans: heard.append(show_scans) or Written()
    )
    said = call("report", tmp_path, "--no-scans")
    assert (said.code, heard) == (0, [False])
    assert said.out.splitlines() == ["DMPLS is ahead.", "One cell is missing.", f"{tmp_path / 'report.md'} written."]


def test_an_answer_ends_well_unless_it_says_otherwise():
    assert commands.Answer({}, []).code == output.OK


def test_annotate_takes_its_request_tells_what_is_left_and_reports(run, tmp_path, monkeypatch):
    from napari_scribbleseg.bench.annotate import run as sittings
    from napari_scribbleseg.bench.annotate.request import AnnotateRequest

    asked = []
    summary = {"out": "out", "sittings": 3, "done": 1, "failed": {"a": "no luck"}, "left": ["b"], "seconds": 2.0}

    def run_annotate(request, listen):
        asked.append(request)
        listen(1, 3, "a")
        return {**summary, "reason": "out of time"}

    monkeypatch.setattr(sittings, "run_annotate", run_annotate)
    monkeypatch.setattr(commands, "annotate_report", lambda out: commands.Answer({}, ["report.md written."]))
    argv = ["--acdc", tmp_path, "--out", tmp_path / "out", "--systems", "growcut", "--patients", "5,10"]
    argv += ["--rounds", "2", "--seconds", "1,2,3", "--weights", "w", "--workers", "2", "--post"]
    said = run("bench", "annotate", *argv)
    assert said.code == output.FAILED
    assert asked == [
        AnnotateRequest(
            tmp_path / "out",
            tmp_path,
            weights="w",
            systems="growcut",
            patients="5,10",
            seconds="1,2,3",
            rounds=2,
            workers=2,
            post=True,
        )
    ]
    for sentence in ("1 of 3 sittings done", "a failed: no luck", "1 sittings are left", "report.md written."):
        assert sentence in said.out


def test_annotate_report_on_a_foreign_folder_is_one_sentence(run, tmp_path):
    said = run("bench", "annotate-report", tmp_path)
    assert said.code == output.BAD_INPUT
    assert "holds no results of `bench annotate`" in said.err
