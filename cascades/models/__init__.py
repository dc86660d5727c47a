"""The nouns of the cascades room."""

from cascades.models.cascade import (
    Cascade,
    CascadeStatus,
    CascadeVersion,
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

__all__ = [
    "Cascade",
    "CascadeStatus",
    "CascadeVersion",
    "Decision",
    "Enrollment",
    "Launch",
    "LaunchState",
    "Outcome",
    "Reentry",
    "Rehearsal",
    "Seen",
    "Step",
    "StepControl",
    "StepRun",
    "WaitFrom",
    "Who",
]
