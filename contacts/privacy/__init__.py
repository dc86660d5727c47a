"""What the house knows of one person: handed to them on request, and forgotten when they ask for that.

`holdings` is the registry of which table holds what of people; the rooms above fill it in when they are ready. `export` and `page` hand
out, `erasing` forgets, `sweeping` goes through what no key leads to, `needles` says by which words a person is found there.
"""

from contacts.privacy.erasing import erase, outlook, shared_with
from contacts.privacy.holdings import Holding, Subject, before_erasing, nothing_in, register
from contacts.privacy.sweeping import sweep

__all__ = [
    "Holding",
    "Subject",
    "before_erasing",
    "erase",
    "nothing_in",
    "outlook",
    "register",
    "shared_with",
    "sweep",
]
