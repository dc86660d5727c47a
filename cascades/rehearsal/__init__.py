"""Trying a cascade out: a script of people, moments and what they do, played through the real engine, of which nothing stays."""

# - script.py: who, from when, and what was played on them; it is kept as JSON
# - stage.py: a copy of the draft and of its channels, and the transaction that is taken back
# - cast.py: the people, also made-up ones, and a sample to choose from
# - occasions.py: what brings them into the cascade
# - acts.py: playing a person
# - clock.py: from moment to moment, with the same calls as the periodic tasks
# - story.py: what became of whom, read before it is taken back

from cascades.rehearsal.clock import Busy, play
from cascades.rehearsal.script import Play, Script
from cascades.rehearsal.story import Cell, Person, Story

__all__ = ["Busy", "Cell", "Person", "Play", "Script", "Story", "play"]
