"""What goes with what a person bought or looked at: kept by staff, else found from what was bought together."""

from contacts.goods.offering import About, Offers

__all__ = ["About", "Offers"]
