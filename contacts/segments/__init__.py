"""Segments: people found by rules, anew each time. Rules are data; the database finds; `why` tells of each person why in, why not.

`condition` holds the contract and the registry: other rooms bring kinds of their own and register them when they are ready.
"""

from contacts.segments.condition import all_conditions, register
from contacts.segments.query import count, people, sample
from contacts.segments.rules import clean, lines
from contacts.segments.usage import register_user, uses
from contacts.segments.why import Reason, describe, sentences, why

__all__ = [
    "Reason",
    "all_conditions",
    "clean",
    "count",
    "describe",
    "lines",
    "people",
    "register",
    "register_user",
    "sample",
    "sentences",
    "uses",
    "why",
]
