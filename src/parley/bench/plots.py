"""Bar charts as SVG: one bar for each thing measured, a line across its end for the range of the runs."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html import escape

from parley.bench.figures import percent, ranged
from parley.bench.report import Accuracy, Report, Whole
from parley.bench.spread import Spread, spread

WIDTH = 720
LEFT, RIGHT = 8, 200
"""Room beside the bars; the right one is for the figures."""

ROW, BAR, TOP, FOOT = 46, 16, 8, 30
MOST_TICKS = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """A thing measured."""

    label: str
    value: Spread
    shown: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """Bars of one figure; `key` is a word that no other plot of the page has, `unit` stands at the axis."""

    key: str
    title: str
    unit: str
    bars: tuple[Bar, ...]

    @property
    def summary(self) -> str:
        """The plot in words."""
        said = "; ".join(f"{bar.label}: {bar.shown}" for bar in self.bars)
        return f"{self.title}, {self.unit}. {said}."


_FIGURES: tuple[tuple[str, str, str, Callable[[Whole], Spread | None]], ...] = (
    ("rtf", "Real-time factor (shorter is faster)", "s / audio s", lambda whole: whole.rtf),
    ("first", "Time to the first text", "s", lambda whole: whole.first_s),
    ("cpu", "Processor time", "processor s / audio s", lambda whole: whole.cpu),
    ("memory", "Most memory at one moment", "MiB", lambda whole: whole.peak_mib),
)

_RATES: tuple[tuple[str, str, Callable[[Accuracy], float | None]], ...] = (
    ("wer", "Word error rate", lambda accuracy: accuracy.wer),
    ("cer", "Character error rate", lambda accuracy: accuracy.cer),
    ("der", "Diarization error rate", lambda accuracy: accuracy.der),
)


def plots(report: Report) -> tuple[Plot, ...]:
    """Every plot that has a bar."""
    found = [*_of_wholes(report), *_of_rates(report), *_of_roles(report)]
    return tuple(plot for plot in found if plot.bars)


def svg(plot: Plot) -> str:
    """The plot as an element of a page, whose style gives the colours."""
    height = TOP + ROW * len(plot.bars) + FOOT
    most = max((bar.value.high for bar in plot.bars), default=0.0) or 1.0
    ticks = _ticks(most)
    scale = (WIDTH - LEFT - RIGHT) / max(most, ticks[-1])
    parts = [
        f'<svg role="img" aria-labelledby="{plot.key}-t {plot.key}-d" viewBox="0 0 {WIDTH} {height}" '
        'xmlns="http://www.w3.org/2000/svg">',
        f'<title id="{plot.key}-t">{escape(plot.title)}</title>',
        f'<desc id="{plot.key}-d">{escape(plot.summary)}</desc>',
        *_axis(ticks, scale, height, plot.unit),
        *(part for index, bar in enumerate(plot.bars) for part in _bar(bar, TOP + ROW * index, scale)),
        "</svg>",
    ]
    return "\n".join(parts)


def _bar(bar: Bar, top: int, scale: float) -> Iterator[str]:
    y = top + 20
    middle = y + BAR / 2
    low, median, high = (LEFT + value * scale for value in (bar.value.low, bar.value.median, bar.value.high))
    yield f'<text class="label" x="{LEFT}" y="{top + 14}">{escape(bar.label)}</text>'
    width = max(1.0, median - LEFT)
    yield f'<rect class="bar" x="{LEFT}" y="{y}" width="{width:.1f}" height="{BAR}" rx="2"/>'
    if high - low >= 1:
        yield (
            f'<path class="range" d="M{low:.1f} {middle}H{high:.1f}M{low:.1f} {middle - 5}v10'
            f'M{high:.1f} {middle - 5}v10"/>'
        )
    end = max(high, LEFT + width) + 8
    yield f'<text class="value" x="{end:.1f}" y="{middle + 5}">{escape(bar.shown)}</text>'


def _axis(ticks: Sequence[float], scale: float, height: int, unit: str) -> Iterator[str]:
    foot = height - FOOT
    for tick in ticks:
        x = LEFT + tick * scale
        yield f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{TOP}" y2="{foot}"/>'
        anchor = "start" if tick == 0 else "middle"
        yield f'<text class="tick" text-anchor="{anchor}" x="{x:.1f}" y="{foot + 16}">{tick:g}</text>'
    yield f'<text class="tick" text-anchor="end" x="{WIDTH - 4}" y="{foot + 16}">{escape(unit)}</text>'


def _ticks(most: float) -> list[float]:
    """Round numbers from 0 to `most` or a little less, at most MOST_TICKS."""
    power = 10.0 ** math.floor(math.log10(most))
    steps = (power * factor for factor in (0.1, 0.2, 0.5, 1.0, 2.0, 5.0))
    step = next((step for step in steps if most / step < MOST_TICKS), most)
    # 3 * 0.1 is not 0.3.
    return [float(f"{step * index:.10g}") for index in range(int(most / step + 1e-9) + 1)]


def _of_wholes(report: Report) -> Iterator[Plot]:
    wholes = [(each.title, each.whole) for each in report.combinations if each.whole is not None]
    for key, title, unit, figure in _FIGURES:
        known = [(label, figure(whole)) for label, whole in wholes]
        bars = tuple(_measured(label, value) for label, value in known if value is not None)
        yield Plot(key=key, title=title, unit=unit, bars=bars)


def _of_rates(report: Report) -> Iterator[Plot]:
    scored = [
        (each.title, each.whole.accuracy)
        for each in report.combinations
        if each.whole is not None and each.whole.accuracy is not None
    ]
    for key, title, rate in _RATES:
        known = [(label, rate(accuracy)) for label, accuracy in scored]
        bars = tuple(
            Bar(label=label, value=spread([value * 100]), shown=percent(value))
            for label, value in known
            if value is not None
        )
        yield Plot(key=key, title=f"{title} (shorter is better)", unit="%", bars=bars)


def _of_roles(report: Report) -> Iterator[Plot]:
    bars: dict[str, list[Bar]] = {}
    for trial in report.roles:
        for each in trial.roles:
            if each.wall is not None:
                where = each.ran_on or trial.device or "as configured"
                asked = f", asked {trial.device}" if trial.device and trial.device != where else ""
                label = f"{trial.profile}: {each.engine} on {where}{asked}"
                bars.setdefault(each.role, []).append(_measured(label, each.wall))
    for role, found in bars.items():
        title = f"The role {role} alone (shorter is faster)"
        # A report that was read from a file may call a role anything.
        yield Plot(
            key=f"role-{re.sub(r'[^a-z]', '', role)}", title=title, unit="s / audio s", bars=tuple(found)
        )


def _measured(label: str, value: Spread) -> Bar:
    return Bar(label=label, value=value, shown=ranged(value))
