"""How each number was made, in sentences for whoever reads the numbers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from napari_scribbleseg.cardiac.measurement import MYOCARDIUM_G_PER_ML, Choices, Phases, PhaseSource

PAPILLARY = (
    "Papillary muscles and trabeculae count as cavity, as in ACDC: against tracing them as muscle, LV volumes are "
    "larger, LV mass is about 9 % smaller, and EF differs by about 4 points."
)

METHOD: Mapping[str, str | float] = MappingProxyType(
    {
        "volumes": "summation of discs",
        "papillary_muscles": "cavity",
        "myocardium_g_per_ml": MYOCARDIUM_G_PER_ML,
        "body_surface": "Mosteller",
        "wall_thickness": "centre line",
        "phases_and_slices_counted_from": 0,
    }
)
"""The same for machines: what a number of another program must share before the two are compared."""

_PHASE_SOURCES: dict[PhaseSource, str] = {
    "volumes": "found from the LV volume of all slices over time, single frames that stand out passed over",
    "chosen": "chosen by hand",
    "Info.cfg": "taken from Info.cfg",
}


def tell_conventions(
    phases: Phases, choices: Choices, rate_bpm: float | None, right_handed: bool | None
) -> tuple[str, ...]:
    """Return the sentences that belong to a measurement.

    Parameters
    ----------
    phases : those measured at
    choices : what was decided
    rate_bpm : the heart rate that was used
    right_handed : as for `measure_heart`
    """
    return (
        "Volumes are sums over slices: pixels × pixel area × distance from slice to slice (summation of discs); "
        "nothing is added beyond the outermost slices.",
        PAPILLARY,
        *_tell_phases(phases),
        *_tell_slices(choices),
        "SV = EDV − ESV; EF = SV / EDV. RV is measured at the phases of LV.",
        f"LV mass = volume of the myocardium at ED × {MYOCARDIUM_G_PER_ML} g/mL.",
        *_tell_rate(choices, rate_bpm),
        *_tell_body(choices),
        "Wall thickness is the length of chords perpendicular to the centre line of the wall (Sheehan 1986), averaged "
        "in each AHA segment over basal, mid and apical thirds of the slices with a cavity at that phase; slices with "
        "an open ring are left out, and segment 17 is in no short-axis slice.",
        "Segments are placed by the RV insertion points: the middle between them is the middle of the septum.",
        *_tell_hand(right_handed),
    )


def _tell_phases(phases: Phases) -> Iterator[str]:
    if phases.ed == phases.es:
        yield f"Phase {phases.ed}, counted from 0, is the only one measured, {_PHASE_SOURCES[phases.ed_source]}."
    elif phases.ed_source == phases.es_source:
        yield f"ED is phase {phases.ed} and ES phase {phases.es}, counted from 0, {_PHASE_SOURCES[phases.ed_source]}."
    else:
        yield f"ED is phase {phases.ed}, counted from 0, {_PHASE_SOURCES[phases.ed_source]}."
        yield f"ES is phase {phases.es}, counted from 0, {_PHASE_SOURCES[phases.es_source]}."


def _tell_slices(choices: Choices) -> Iterator[str]:
    if choices.excluded:
        left_out = "; ".join(_name_excluded(choices.excluded))
        yield f"Every slice counts where the mask holds the heart, but for those left out by hand: {left_out}."
    else:
        yield "Every slice counts where the mask holds the heart, at base and apex too, each phase by itself."


def _name_excluded(excluded: frozenset[tuple[int, int]]) -> Iterator[str]:
    """Yield "slices 0 and 9 of phases 3 and 4", phases with the same slices together."""
    slices = {t: tuple(sorted(z for at, z in excluded if at == t)) for t in sorted({t for t, _ in excluded})}
    for same in dict.fromkeys(slices.values()):
        yield f"{_name('slice', same)} of {_name('phase', [t for t, zs in slices.items() if zs == same])}"


def _name(noun: str, numbers: Sequence[int]) -> str:
    first, last = numbers[0], numbers[-1]
    if len(numbers) > 2 and last - first == len(numbers) - 1:
        return f"{noun}s {first} to {last}"
    *most, end = map(str, numbers)
    return f"{noun}s {', '.join(most)} and {end}" if most else f"{noun} {end}"


def _tell_rate(choices: Choices, rate_bpm: float | None) -> Iterator[str]:
    if rate_bpm is None:
        return
    if choices.heart_rate_bpm:
        source = "given"
    else:
        source = "worked out from the timing of the cine, taken to cover one whole beat"
    yield f"Cardiac output = SV × heart rate; {rate_bpm:.0f} beats per minute are {source}."


def _tell_body(choices: Choices) -> Iterator[str]:
    surface_m2 = choices.body.surface_m2
    if surface_m2 is not None:
        yield (
            f"Indices are divided by the body surface area of {surface_m2:.2f} m², √(height in cm × weight in kg / "
            "3600) (Mosteller 1987)."
        )


def _tell_hand(right_handed: bool | None) -> Iterator[str]:
    if right_handed is None:
        yield (
            "The scan does not say from which side its slices are seen; the anterior wall is taken to be the upper one "
            "on screen."
        )
    else:
        yield "Which wall is anterior follows from the scan's geometry and from which end of the stack is the apex."
