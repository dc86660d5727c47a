"""Two contacts who are one person: found, compared field by field, made one, and two again while that is still true.

`finding` looks for them; `fields` compares; `act` merges and undoes; `registry` is where each room says what it moves; `aliases` knows
merged people by their former ids and numbers.
"""

from contacts.merging.aliases import by_numbers, current_numbers, survivor, survivors
from contacts.merging.registry import Moved, Pair, Part, register

__all__ = ["Moved", "Pair", "Part", "by_numbers", "current_numbers", "register", "survivor", "survivors"]
