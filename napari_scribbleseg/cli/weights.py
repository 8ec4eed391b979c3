"""`napari-scribbleseg weights`: those that come with the program and your own; their licence; copies for others."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App

from napari_scribbleseg.api import licence as terms
from napari_scribbleseg.api import shipped
from napari_scribbleseg.api.onnx_export import export_onnx
from napari_scribbleseg.api.provenance import values_sha256
from napari_scribbleseg.cli import output
from napari_scribbleseg.cli.arguments import FLAG, Json
from napari_scribbleseg.cli.targets import TargetError, require_file_target

ABOUT = "List, import and export trained weights, and read the licence of those that come with the program."
ONNX = ".onnx"

EXAMPLES = {
    "": """Examples:

    napari-scribbleseg weights list
    napari-scribbleseg predict --weights acdc_roi --out masks scans/""",
    "list": """Example:

    napari-scribbleseg weights list --json""",
    "import": """Example:

    napari-scribbleseg weights import heart.safetensors --name our_scanner""",
    "export": """Examples:

    napari-scribbleseg weights export acdc_roi copy.safetensors
    napari-scribbleseg weights export heart.safetensors heart.onnx""",
    "license": """Examples:

    napari-scribbleseg weights license
    napari-scribbleseg weights license --accept""",
}


def build_weights_app() -> App:
    """Return the command `weights` with its own commands."""
    app = App("weights", help=ABOUT, help_epilogue=EXAMPLES[""])
    commands: dict[str, Callable[..., Any]] = {
        "list": list_all,
        "import": import_file,
        "export": export,
        "license": show_licence,
    }
    for order, (name, command) in enumerate(commands.items()):
        app.command(App(name, default_command=command, sort_key=order, help_epilogue=EXAMPLES[name]))
    return app


def tell_licence_once(weights: shipped.WeightsFile) -> None:
    """Show the licence on stderr before the shipped weights are used for the first time on this account."""
    if weights.origin == "shipped" and not terms.is_shown():
        output.remark(f"{terms.licence_summary()}\n\nThe whole text: `napari-scribbleseg weights license`.\n")
        terms.mark_shown()


def list_all(*, json: Json = False) -> int:
    """List the weights that `--weights` knows by name: those that come with the program, and those you imported."""
    found: list[dict[str, Any]] = []
    problems: list[str] = []
    for entry in shipped.list_weights():
        try:
            found.append(_describe(entry))
        except (ValueError, OSError) as error:
            problems.append(output.sentence_of(error))
    if json:
        output.print_json({"weights": found, "failed": problems})
    else:
        output.say("\n\n".join(map(_in_words, found)) or "There are no weights yet; `weights import` takes some in.")
    if problems:
        count = f"{len(problems)} of {len(problems) + len(found)} weights could not be read:"
        output.complain(count, problems, as_json=json, code=output.FAILED)
    return output.FAILED if problems else output.OK


def import_file(
    file: Path, /, *, name: str | None = None, replace: Annotated[bool, FLAG] = False, json: Json = False
) -> int:
    """Take weights into your list, so that `--weights` and the window know them by name.

    Parameters
    ----------
    file
        Weights file or checkpoint (.safetensors).
    name
        Name in the list; by default the file's. It goes into the JSON beside every mask: never a patient's name.
    replace
        Replace other weights of that name.
    """
    entry = shipped.import_weights(file, name, replace_old=replace)
    if json:
        output.print_json(_describe(entry))
    else:
        output.say(f"{file.name} is in the list as {entry.name}; use it with --weights {entry.name}.")
    return output.OK


def export(
    name: str, out: Path, /, *, half: Annotated[bool, FLAG] = False, licence: str | None = None, json: Json = False
) -> int:
    """Write weights as a file for others: .safetensors for this program, .onnx for any.

    The file says nothing of the scans that the weights were trained on but what belongs to how they came to be.

    Parameters
    ----------
    name
        Name in the list, or a weights file.
    out
        File to write, ending in .safetensors or .onnx.
    half
        Store in 16 bits, which halves a .safetensors file; its masks hardly change.
    licence
        SPDX name of the licence to note in the file, such as CC-BY-4.0; weights made from the shipped ones keep theirs.
    """
    require_file_target(out, shipped.ENDING, ONNX)
    is_onnx = out.suffix.lower() == ONNX
    if is_onnx and half:
        raise TargetError("--half is for .safetensors files; leave it out for ONNX.")
    entry = shipped.locate_weights(name)
    tell_licence_once(entry)
    model = shipped.for_sharing(entry.load(), licence=licence, half=half)
    told: dict[str, Any] = {"file": str(out), "licence": model.meta.get("licence")}
    if is_onnx:
        told["difference"] = export_onnx(model, out).difference
    else:
        model.save(out)
    told |= {"sha256": values_sha256(model.tensors), "bytes": out.stat().st_size}
    if json:
        output.print_json(told)
    else:
        output.say(_exported_in_words(told))
    return output.OK


def show_licence(*, accept: Annotated[bool, FLAG] = False, json: Json = False) -> int:
    """Show the licence of the weights that come with the program.

    Parameters
    ----------
    accept
        Accept it, so that the window does not ask.
    """
    text = terms.licence_text()
    kept = terms.accept() if accept else terms.mark_shown()
    state = {"licence": terms.LICENCE_ID, "url": terms.LICENCE_URL, "accepted": terms.is_accepted()}
    if json:
        output.print_json({**state, "text": text})
    else:
        output.say(text)
        if accept and kept:
            output.remark(f"{terms.LICENCE_ID} is accepted for this account.")
    if accept and not kept:
        output.complain("That you accept could not be noted in your folder.", as_json=json, code=output.FAILED)
        return output.FAILED
    return output.OK


def _describe(entry: shipped.WeightsFile) -> dict[str, Any]:
    model = entry.load()
    settings = model.settings
    return {
        "name": entry.name,
        "origin": entry.origin,
        "method": settings.method,
        "resolution": settings.resolution,
        "steps": model.step,
        "licence": model.meta.get("licence"),
        "bytes": entry.path.stat().st_size,
        "sha256": values_sha256(model.tensors),
        "file_sha256": entry.file_sha256(),
        "file": str(entry.path),
        "card": str(entry.card) if entry.card else None,
    }


def _in_words(told: dict[str, Any]) -> str:
    what = "comes with the program" if told["origin"] == "shipped" else "imported"
    lines = [
        f"{told['name']} ({what})",
        f"  {told['method']}, {told['resolution']}, {told['steps']} steps, {told['bytes'] / 2**20:.1f} MiB",
        f"  licence {told['licence'] or 'not stated'}",
        f"  values sha256 {told['sha256']}",
        f"  file sha256   {told['file_sha256']}",
    ]
    return "\n".join([*lines, f"  card {told['card']}"] if told["card"] else lines)


def _exported_in_words(told: dict[str, Any]) -> str:
    parts = [f"{told['file']} written ({told['bytes'] / 2**20:.1f} MiB)."]
    if "difference" in told:
        compared = told["difference"]
        parts.append(
            "It was not compared with the weights, for want of ONNX Runtime."
            if compared is None
            else f"ONNX Runtime computes the same, to {max(compared, 1e-9):.0e}."
        )
    if told["licence"]:
        parts.append(f"Its licence is {told['licence']}, which goes with every copy.")
    return " ".join(parts)
