"""Vouchers: codes given to people, each once for an occasion, and taken back at the counter, by a till or with an order."""

from contacts.vouchers.issuing import Day, InText, Problem, Vouchers, Want, in_hand, occasion_of, sample
from contacts.vouchers.redeeming import Found, NotRedeemable, look_up, redeem, undo

__all__ = [
    "Day", "Found", "InText", "NotRedeemable", "Problem", "Vouchers", "Want", "in_hand", "look_up", "occasion_of", "redeem", "sample",
    "undo",
]  # fmt: skip
