"""The commands put together, and the one place where errors become sentences and exit codes."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable, Sequence

from cyclopts import App, CycloptsError

import napari_scribbleseg
from napari_scribbleseg.cli import output
from napari_scribbleseg.cli.bench import build_bench_app
from napari_scribbleseg.cli.convert import convert
from napari_scribbleseg.cli.demo import demo
from napari_scribbleseg.cli.evaluate import evaluate
from napari_scribbleseg.cli.export import export
from napari_scribbleseg.cli.finetune import finetune
from napari_scribbleseg.cli.info import info
from napari_scribbleseg.cli.open_window import open_scans
from napari_scribbleseg.cli.predict import predict
from napari_scribbleseg.cli.pretrain import pretrain
from napari_scribbleseg.cli.report import report
from napari_scribbleseg.cli.train import train
from napari_scribbleseg.cli.weights import build_weights_app

PROGRAM = "napari-scribbleseg"

ABOUT = """Scribble-supervised segmentation of cardiac cine-MRI: RV, myocardium and LV from a few strokes.

Research use, not a medical device."""

EXAMPLES = {
    "": """From a scan to its masks, to better ones by a few strokes, and to their scores:

    napari-scribbleseg predict --out masks scans/
    napari-scribbleseg finetune --scan a.nii.gz --scribbles a_scribble.nii.gz \\
        --out heart.safetensors
    napari-scribbleseg predict --weights heart.safetensors --out masks scans/
    napari-scribbleseg evaluate --pred masks --truth truth

Each command has its own --help with examples, and --json for scripts: one JSON object on stdout, all else on stderr.
Exit codes: 0 done, 1 failed, 2 bad usage or input.""",
    "demo": """Examples:

    napari-scribbleseg demo
    napari-scribbleseg demo --headless --out scribbleseg-demo""",
    "open": """Examples:

    napari-scribbleseg open scan.nii.gz
    napari-scribbleseg open DICOM_FOLDER""",
    "train": """Examples:

    napari-scribbleseg train --scan a.nii.gz --scribbles a_scribble.nii.gz \\
        --out heart.safetensors
    napari-scribbleseg train --acdc ACDC --patients 1-80 \\
        --init heart.safetensors --out better.safetensors
    napari-scribbleseg train --acdc ACDC --resolution protocol --checkpoint \\
        --out paper.safetensors
    napari-scribbleseg train --acdc ACDC --out paper.safetensors \\
        --resume paper.checkpoint.safetensors""",
    "predict": """Examples:

    napari-scribbleseg predict --out masks a.nii.gz
    napari-scribbleseg predict --weights heart.safetensors --out masks \\
        --largest-component ACDC/patient001 more_scans/""",
    "report": """Examples:

    napari-scribbleseg report --height 178 --weight 75 --out report cine.nii.gz
    napari-scribbleseg report --mask cine_seg.nii.gz --ed 0 --es 9 \\
        --out report cine.nii.gz
    napari-scribbleseg report --anonymise --out reports ACDC DICOM_FOLDER""",
    "convert": """Examples:

    napari-scribbleseg info DICOM_FOLDER
    napari-scribbleseg convert DICOM_FOLDER cine.nii.gz
    napari-scribbleseg convert DICOM_FOLDER cine.nii.gz --series 5""",
    "export": """Examples:

    napari-scribbleseg predict --out masks DICOM_FOLDER
    napari-scribbleseg export --dicom-seg masks/DICOM_FOLDER_seg.nii.gz \\
        --source DICOM_FOLDER --out seg.dcm
    napari-scribbleseg export --dicom-seg ed.nii.gz --frames 0 --anonymise \\
        --source DICOM_FOLDER --out seg.dcm""",
    "evaluate": """Examples:

    napari-scribbleseg evaluate --pred masks --truth ACDC
    napari-scribbleseg evaluate --pred masks --truth truth --out scores.csv""",
    "finetune": """Examples:

    napari-scribbleseg finetune --scan a.nii.gz --scribbles a_scribble.nii.gz \\
        --seconds 20 --out a.safetensors
    napari-scribbleseg predict --weights a.safetensors --out masks a.nii.gz""",
    "pretrain": """Examples:

    napari-scribbleseg pretrain --acdc ACDC --out shipped
    napari-scribbleseg pretrain --acdc ACDC --out study --patients study \\
        --time-limit-s 3600""",
    "info": """Example:

    napari-scribbleseg info a.nii.gz heart.safetensors""",
}

TRACEBACK = "SCRIBBLESEG_TRACEBACK"
"""Environment variable: set to 1, an error shows where in the code it arose."""


def build_app(argv: Sequence[str] = ()) -> App:
    """Return the command line; the list of methods is loaded where `argv` asks for the help of `train`."""
    app = App(
        name=PROGRAM,
        help=ABOUT,
        help_epilogue=EXAMPLES[""],
        help_format="markdown",
        version=napari_scribbleseg.__version__,
        suppress_keyboard_interrupt=False,
        result_action="return_value",
    )
    commands: dict[str, Callable[..., int]] = {
        "demo": demo,
        "open": open_scans,
        "train": train,
        "finetune": finetune,
        "predict": predict,
        "report": report,
        "convert": convert,
        "export": export,
        "evaluate": evaluate,
        "info": info,
        "pretrain": pretrain,
    }
    for order, (name, command) in enumerate(commands.items()):
        epilogue = EXAMPLES[name] + _methods(name, argv)
        app.command(App(name, default_command=command, sort_key=order, help_epilogue=epilogue))
    app.command(build_weights_app())
    app.command(build_bench_app())
    return app


def _methods(name: str, argv: Sequence[str]) -> str:
    if name != "train" or "train" not in argv or not {"--help", "-h"} & set(argv):
        return ""
    from napari_scribbleseg.methods import METHODS
    from napari_scribbleseg.methods.base import describe

    listed = describe(METHODS).replace("\n", "\n    ")
    return f"\n\nMethods:\n\n    {listed}"


def run(argv: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    argv = list(sys.argv[1:] if argv is None else argv)
    # Sentences go to stderr by our own hand; a log without a handler would add its traceback.
    logging.getLogger(napari_scribbleseg.__name__).addHandler(logging.NullHandler())
    as_json = "--json" in argv
    try:
        code = build_app(argv)(argv, exit_on_error=False, print_error=False)
        sys.stdout.flush()
    except CycloptsError as error:
        output.complain(f"{error} {_where_to_look(argv)}", as_json=as_json, code=output.BAD_INPUT)
        return output.BAD_INPUT
    except KeyboardInterrupt as error:
        output.complain(str(error) or "Interrupted.", as_json=as_json, code=output.INTERRUPTED)
        return output.INTERRUPTED
    except BrokenPipeError:
        # Whoever read the output has enough; what is left must not complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return output.OK
    except Exception as error:
        if os.environ.get(TRACEBACK) == "1" or not output.is_told(error):
            raise
        return output.complain_of(error, as_json)
    return code if isinstance(code, int) else output.OK


def _where_to_look(argv: Sequence[str]) -> str:
    command = argv[0] if argv and argv[0] in EXAMPLES else ""
    return f"See `{' '.join(filter(None, (PROGRAM, command)))} --help`."
