"""What can happen, each with its own shape: orders and carts with their items, pages, answers, bookings, and what you name yourself."""

from decimal import Decimal
from typing import Annotated, Any, Literal, get_args

from pydantic import Discriminator, Field, StringConstraints, Tag

from contacts.api.shapes import Moment, Named, Person, Shape, Short, Text
from contacts.api.slots import BookingIn

Money = Annotated[Decimal, Field(ge=0, le=10**9, max_digits=14, decimal_places=4)]
Address = Annotated[str, StringConstraints(pattern=r"^https?://[^\s]+$", max_length=2000)]
Currency = Annotated[str, StringConstraints(pattern=r"^[A-Z]{3}$")]


class Item(Shape):
    """A thing in a cart or an order; a message can loop over them."""

    sku: Annotated[Text, Field(max_length=100)] | None = None
    name: Annotated[Text, Field(min_length=1)]
    category: Short | None = None
    quantity: Annotated[Decimal, Field(gt=0, le=10**6, max_digits=12, decimal_places=3)] = Decimal(1)
    price: Money | None = Field(None, description="Of one.")
    image: Address | None = None
    link: Address | None = None


Items = Annotated[list[Item], Field(max_length=200)]


class Happening(Shape):
    """What all have in common. `key`: your own number of it; told again under the same key, it counts once."""

    person: Person
    at: Moment | None = Field(None, description="When it happened; now, if you do not say.")
    key: Annotated[Named, Field(max_length=100)] | None = None
    create: bool = Field(default=False, description="Make a contact where nobody has this number or address.")

    def key_of_it(self) -> str | None:
        return self.key


class Order(Happening):
    """An order: placed, paid, on its way, delivered, cancelled. Without a key, its number is the key."""

    event: Literal["order", "order_placed", "order_paid", "order_shipped", "order_delivered", "order_cancelled"]
    order: Annotated[Named, Field(max_length=100, description="The order's number.")]
    total: Money | None = None
    currency: Currency | None = None
    items: Items = []
    vouchers: Annotated[
        list[Short], Field(max_length=20, description="Codes that were given with the order; ours are redeemed by it.")
    ] = []
    link: Address | None = None
    address: Text | None = Field(None, description="Where it is delivered to.")
    place: Text | None = Field(None, description="Where it can be picked up.")
    pick_up_at: Moment | None = None
    note: Text | None = None

    def key_of_it(self) -> str | None:
        return self.key or self.order


class Cart(Happening):
    """A cart as it is now; tell it whenever it changes."""

    event: Literal["cart_changed"]
    cart: Annotated[Named, Field(max_length=100, description="The cart's number.")]
    items: Items = []
    total: Money | None = None
    currency: Currency | None = None
    link: Address | None = None


class CartEmptied(Happening):
    """The cart was emptied by the person."""

    event: Literal["cart_emptied"]
    cart: Annotated[Named, Field(max_length=100)]


class PageViewed(Happening):
    """The person looked at a page."""

    event: Literal["page_viewed"]
    url: Address
    title: Text | None = None
    category: Short | None = None


class Answered(Happening):
    """The person filled in a form."""

    event: Literal["form_answered", "answer"]
    form: Named
    answers: Annotated[dict[Short, str | int | float | bool | list[Text]], Field(max_length=100)] = {}


class Visited(Happening):
    """The person came."""

    event: Literal["visit"]
    branch: Short | None = None
    note: Text | None = None


class BookingTold(Happening):
    """An appointment or a class: booked, moved, confirmed, cancelled, attended, missed. The same as `POST /bookings`."""

    event: Literal[
        "booking_booked",
        "booking_moved",
        "booking_confirmed",
        "booking_cancelled",
        "booking_attended",
        "booking_missed",
    ]
    booking: BookingIn

    @property
    def status(self) -> str:
        word = self.event.removeprefix("booking_")
        return "booked" if word == "moved" else word


class Custom(Happening):
    """Anything else, by a name of your own: small letters, digits and underscores."""

    event: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,58}[a-z0-9]$")]
    data: Annotated[dict[Short, Any], Field(max_length=100)] = {}


_SHAPES = (Order, Cart, CartEmptied, PageViewed, Answered, Visited, BookingTold)
_TAG_OF = {name: shape.__name__ for shape in _SHAPES for name in get_args(shape.model_fields["event"].annotation)}


def _tag(told: Any) -> str:
    name = told.get("event") if isinstance(told, dict) else getattr(told, "event", None)
    return _TAG_OF.get(name, "Custom") if isinstance(name, str) else "Custom"


AnyHappening = Annotated[
    Annotated[Order, Tag("Order")]
    | Annotated[Cart, Tag("Cart")]
    | Annotated[CartEmptied, Tag("CartEmptied")]
    | Annotated[PageViewed, Tag("PageViewed")]
    | Annotated[Answered, Tag("Answered")]
    | Annotated[Visited, Tag("Visited")]
    | Annotated[BookingTold, Tag("BookingTold")]
    | Annotated[Custom, Tag("Custom")],
    Discriminator(_tag),
]

_OURS = {"order_placed": "order", "form_answered": "answer"}
_NOT_DATA = {"person", "at", "key", "create", "event"}


def name_of(told: Happening) -> str:
    """The name under which it is recorded."""
    name: str = told.event  # type: ignore[attr-defined]
    return _OURS.get(name, name)


def data_of(told: Happening) -> dict[str, Any]:
    """What is kept with the event: only what was said, money as numbers, and the amount in words for staff."""
    if isinstance(told, Custom):
        return told.data
    data: dict[str, Any] = _plain(told.model_dump(exclude=_NOT_DATA, exclude_none=True, mode="python"))
    if isinstance(told, Order) and not told.vouchers:
        data.pop("vouchers", None)
    if isinstance(told, Order) and told.total is not None:
        data["amount"] = f"{told.total:.2f} {told.currency or ''}".strip()
    return data


def _plain(value: Any) -> Any:
    """As JSON keeps it."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    if isinstance(value, dict):
        return {name: _plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return value.isoformat() if hasattr(value, "isoformat") else value
