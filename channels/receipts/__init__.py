"""Back: what providers, our own links and people tell of a message. Applied once, in any order, never backwards.

    state.py     pure: what one fact makes of a delivery
    matching.py  which message, which person
    apply.py     a batch of facts into the database, with a bounded number of statements
    inbox.py     the stored calls, claimed and read
    own.py       our own pixel, links and unsubscribe page
"""

from channels.receipts.apply import apply
from channels.receipts.inbox import apply_inbound
from channels.receipts.own import record_own

__all__ = ["apply", "apply_inbound", "record_own"]
