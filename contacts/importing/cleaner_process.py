"""Cleans portions of a file for `cleaners`: a program of its own, so that the other processor has work too. It never asks the database.

Reads and writes pickles over its standard pipes, which only the worker that started it holds.
"""

from __future__ import annotations

import os
import pickle
import sys
from typing import IO, Any

import django
from django.conf import settings
from django.utils import translation


def main(asked: IO[bytes], answers: IO[bytes]) -> None:
    """First the brief (`cleaners.Brief`), answered by True; then portions, each answered by what the stage takes."""
    from contacts.importing.cleaners import prepared

    brief = pickle.load(asked)  # noqa: S301 - from our own worker
    settings.SUPPRESSION_KEY = brief.key
    with translation.override(brief.language):
        clean = prepared(brief)
        _answer(answers, value=True)
        while True:
            try:
                raws, start = pickle.load(asked)  # noqa: S301
            except EOFError:
                return
            _answer(answers, clean(raws, start))


def _answer(answers: IO[bytes], value: Any) -> None:
    pickle.dump(value, answers, protocol=pickle.HIGHEST_PROTOCOL)
    answers.flush()


if __name__ == "__main__":
    # What anybody prints must not get between the answers.
    own = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    django.setup()
    main(sys.stdin.buffer, own)
