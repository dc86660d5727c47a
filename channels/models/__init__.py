"""The nouns of the channels room."""

from channels.models.channel import Channel, PriceUnit
from channels.models.conversation import Conversation
from channels.models.delivery import Delivery, DeliveryEvent, DeliveryStatus, Grade
from channels.models.inbound import InboundCall, InboundState
from channels.models.message import Message, MessageImage, MessageVariant, MessageVersion, Purpose
from channels.models.sandbox import SandboxMessage

__all__ = [
    "Channel",
    "Conversation",
    "Delivery",
    "DeliveryEvent",
    "DeliveryStatus",
    "Grade",
    "InboundCall",
    "InboundState",
    "Message",
    "MessageImage",
    "MessageVariant",
    "MessageVersion",
    "PriceUnit",
    "Purpose",
    "SandboxMessage",
]
