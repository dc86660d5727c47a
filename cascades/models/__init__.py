"""The nouns of the cascades room."""

from cascades.models.cascade import (
    Cascade,
    CascadeStatus,
    CascadeVersion,
    GoalAbout,
    Mode,
    Reentry,
    Seen,
    Step,
    StepControl,
    WaitFrom,
    Who,
)
from cascades.models.enrollment import Decision, Enrollment, Outcome, StepRun
from cascades.models.launch import Launch, LaunchState
from cascades.models.rehearsal import Rehearsal
from cascades.models.remembered import SegmentStay, SegmentWatch, ToldDate

__all__ = [
    "Cascade",
    "CascadeStatus",
    "CascadeVersion",
    "Decision",
    "Enrollment",
    "GoalAbout",
    "Launch",
    "LaunchState",
    "Mode",
    "Outcome",
    "Reentry",
    "Rehearsal",
    "Seen",
    "SegmentStay",
    "SegmentWatch",
    "Step",
    "StepControl",
    "StepRun",
    "ToldDate",
    "WaitFrom",
    "Who",
]
