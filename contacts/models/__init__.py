"""The nouns of the contacts room."""

from contacts.models.audit import By, Change, Deed
from contacts.models.booking import BookedBy, Booking, BookingKind, BookingStatus, ClassSession
from contacts.models.bulk_run import Act, BulkDone, BulkRun, BulkState
from contacts.models.business import Branch, Business
from contacts.models.connection import Connection, Received, ReceivedState
from contacts.models.consent import (
    GROUNDS,
    Basis,
    Consent,
    ConsentPurpose,
    Suppression,
    SuppressionReason,
    SuppressionScope,
)
from contacts.models.contact import LONGEST_ADDRESS, Address, Contact, Group, GroupKind, Membership, Validity
from contacts.models.event import Event
from contacts.models.goods import BoughtTogether, GoesBy, GoesWith
from contacts.models.guardian import Guardian
from contacts.models.importing import ImportLayout, ImportPortion, ImportRow, ImportRun, ImportState, RowOutcome
from contacts.models.integration import AnsweredCall, Integration, Scope
from contacts.models.limits import Cap, ClosedDay, QuietRule
from contacts.models.merging import Alias, Duplicate, Merge
from contacts.models.privacy import Erasure, Handout, Period, Retention, Taken
from contacts.models.segment import Segment
from contacts.models.territory import IntegrationBranch, StaffBranch
from contacts.models.undoing import ImportChange, ImportLeft, ImportUndo, UndoState
from contacts.models.voucher import CodeKind, Voucher, VoucherOffer

__all__ = [
    "GROUNDS",
    "LONGEST_ADDRESS",
    "Act",
    "Address",
    "Alias",
    "AnsweredCall",
    "Basis",
    "BookedBy",
    "Booking",
    "BookingKind",
    "BookingStatus",
    "BoughtTogether",
    "Branch",
    "BulkDone",
    "BulkRun",
    "BulkState",
    "Business",
    "By",
    "Cap",
    "Change",
    "ClassSession",
    "ClosedDay",
    "CodeKind",
    "Connection",
    "Consent",
    "ConsentPurpose",
    "Contact",
    "Deed",
    "Duplicate",
    "Erasure",
    "Event",
    "GoesBy",
    "GoesWith",
    "Group",
    "GroupKind",
    "Guardian",
    "Handout",
    "ImportChange",
    "ImportLayout",
    "ImportLeft",
    "ImportPortion",
    "ImportRow",
    "ImportRun",
    "ImportState",
    "ImportUndo",
    "Integration",
    "IntegrationBranch",
    "Membership",
    "Merge",
    "Period",
    "QuietRule",
    "Received",
    "ReceivedState",
    "Retention",
    "RowOutcome",
    "Scope",
    "Segment",
    "StaffBranch",
    "Suppression",
    "SuppressionReason",
    "SuppressionScope",
    "Taken",
    "UndoState",
    "Validity",
    "Voucher",
    "VoucherOffer",
]
