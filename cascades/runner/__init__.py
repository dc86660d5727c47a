"""The shell around the engine: it loads, asks, decides, stores. The only caller of the engine and of `channels.sending`."""

# - launch.py: a start by hand, and taking it back
# - enroll.py: who is selected becomes an enrollment, once per occasion
# - guardians.py: in a student's stead those who answer for them
# - listening.py: automatic ways in, switched on and asked who is to enter
# - plans.py: frozen versions as the engine reads them
# - progress.py: what is known of each person's way so far
# - deciding.py: one person's way in memory, from step to step
# - belonging.py: who is in the segments that steps ask for
# - writing.py: what was decided, written down
# - advance.py: the tick: whoever is due is looked at, in batches
# - inbox.py: the facts that nobody has noticed yet
# - wake.py: goals, opt-outs and news of messages, applied; and our word at the last look of a sending
# - moving.py: an answer, or the end, that brings its person into a group, or out of one
# - in_flight.py: a new version while people are in it: they stay, go on with it, or stop
# - stop.py: stop, pause and resume; hold and release a step

from cascades.publishing import NotReady
from cascades.runner.advance import advance
from cascades.runner.enroll import enroll, enroll_due
from cascades.runner.guardians import let_go
from cascades.runner.in_flight import Place, Then, places, publish
from cascades.runner.launch import WallTime, cancel, start
from cascades.runner.listening import (
    ONCE,
    enroll_contacts,
    expected,
    listen,
    listen_for,
    switch_on,
    uses_of_segment,
)
from cascades.runner.stop import pause, pause_step, release, resume, resume_step, stop, text_refused
from cascades.runner.wake import run_state, wake

__all__ = [
    "ONCE",
    "NotReady",
    "Place",
    "Then",
    "WallTime",
    "advance",
    "cancel",
    "enroll",
    "enroll_contacts",
    "enroll_due",
    "expected",
    "let_go",
    "listen",
    "listen_for",
    "pause",
    "pause_step",
    "places",
    "publish",
    "release",
    "resume",
    "resume_step",
    "run_state",
    "start",
    "stop",
    "switch_on",
    "text_refused",
    "uses_of_segment",
    "wake",
]
