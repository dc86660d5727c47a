"""Variants of one piece of work, each once a round and in turn, so that the machine's moods fall on all of them; medians, printed."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from statistics import median

SIZE = float(os.environ.get("CASCADA_BENCH_SIZE", "1"))
ROUNDS = int(os.environ.get("CASCADA_BENCH_ROUNDS", "3"))


def sized(number: int) -> int:
    """So many, or the share of it that CASCADA_BENCH_SIZE asks for (in thousands where there are that many)."""
    wanted = max(100, int(number * SIZE))
    return wanted // 1000 * 1000 if wanted >= 1000 else wanted


class Watch:
    """Measures the part of a variant that counts: `with watch(rows): ...`."""

    def __init__(self) -> None:
        self.rates: dict[str, list[float]] = {}
        self.name = ""

    @contextmanager
    def __call__(self, count: int, part: str = "") -> Iterator[None]:
        begun = time.perf_counter()
        yield
        self.took(count, time.perf_counter() - begun, part)

    def took(self, count: int, seconds: float, part: str = "") -> None:
        """The same where somebody else held the watch."""
        self.rates.setdefault(f"{self.name}{part}", []).append(count / seconds)


def compare(title: str, unit: str, variants: Mapping[str, Callable[[Watch], None]]) -> Watch:
    """Run all variants, round by round, and print the table; the first named line is the bare thing that ratios refer to."""
    watch, moods = Watch(), [mood()]
    for _ in range(ROUNDS):
        for name, variant in variants.items():
            watch.name = name
            variant(watch)
        moods.append(mood())
    _print(title, unit, watch, moods)
    return watch


def _print(title: str, unit: str, watch: Watch, moods: list[float]) -> None:
    bare = median(next(iter(watch.rates.values())))
    print(f"\n\n### {title}\n| what | {unit}, median | range | of the bare |\n| --- | ---: | ---: | ---: |")
    for name, rates in watch.rates.items():
        low, middle, high = min(rates), median(rates), max(rates)
        print(f"| {name} | {middle:,.0f} | {low:,.0f}–{high:,.0f} | {middle / bare:.3f} |")
    print(f"({ROUNDS} interleaved rounds; a fixed Python loop took {min(moods):.0f}–{max(moods):.0f} ms)", flush=True)


def mood() -> float:
    """Milliseconds that a fixed piece of Python takes just now."""
    begun = time.perf_counter()
    sum(number * number for number in range(1_000_000))
    return (time.perf_counter() - begun) * 1000
