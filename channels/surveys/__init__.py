"""Forms at work: what was typed becomes answers, answers are kept and do what staff wanted, and numbers are made of them."""

from channels.surveys.asking import Asked, Given, asked, preset, read
from channels.surveys.results import Count, numbers, table
from channels.surveys.taking import SOURCE, Taken, take

__all__ = ["SOURCE", "Asked", "Count", "Given", "Taken", "asked", "numbers", "preset", "read", "table", "take"]
