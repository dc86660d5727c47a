"""Back: what providers, our own links and people tell of a message. Applied once, in any order, never backwards.

`inbox` reads the stored calls, `matching` finds the message, `apply` writes, `state` is pure, `parked` waits, `own` is our own pages,
`regrading` a late verdict.
"""

from channels.receipts.apply import apply
from channels.receipts.inbox import apply_inbound
from channels.receipts.own import record_own
from channels.receipts.regrading import regrade

__all__ = ["apply", "apply_inbound", "record_own", "regrade"]
