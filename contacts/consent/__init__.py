"""Whom we may write to: the one gate before every message, and the only writer of consent and suppression.

`gate` answers for a batch; `ledger` writes consent lines; `suppression` closes addresses; `imported` takes what a file says,
`alike` what many people said alike.
"""

from contacts.consent.alike import record_alike
from contacts.consent.closing import mask
from contacts.consent.gate import Ask, Person, Verdict, gate
from contacts.consent.imported import Refusal, Statement, record_imported, record_staged
from contacts.consent.ledger import Line, grant, held, lock_contacts, newest, record, withdraw
from contacts.consent.suppression import is_suppressed, lift, lift_rows, suppress

__all__ = [
    "Ask",
    "Line",
    "Person",
    "Refusal",
    "Statement",
    "Verdict",
    "gate",
    "grant",
    "held",
    "is_suppressed",
    "lift",
    "lift_rows",
    "lock_contacts",
    "mask",
    "newest",
    "record",
    "record_alike",
    "record_imported",
    "record_staged",
    "suppress",
    "withdraw",
]
