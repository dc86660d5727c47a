"""The nouns of the channels room."""

from channels.models.budget import Budget
from channels.models.channel import Channel, PriceUnit
from channels.models.confirmation import Confirmation
from channels.models.conversation import Conversation
from channels.models.delivery import Delivery, DeliveryEvent, DeliveryStatus, Grade, Priority
from channels.models.form import Form, FormAnswer, FormQuestion, QuestionKind
from channels.models.hooks import HookCall, HookState, OutgoingHook, Topic
from channels.models.inbound import InboundCall, InboundState
from channels.models.joining import Invitation
from channels.models.message import Message, MessageImage, MessageVariant, MessageVersion, Purpose
from channels.models.sandbox import SandboxMessage
from channels.models.site import OnEmail, Site, SiteReport
from channels.models.tally import Tally

__all__ = [
    "Budget",
    "Channel",
    "Confirmation",
    "Conversation",
    "Delivery",
    "DeliveryEvent",
    "DeliveryStatus",
    "Form",
    "FormAnswer",
    "FormQuestion",
    "Grade",
    "HookCall",
    "HookState",
    "InboundCall",
    "InboundState",
    "Invitation",
    "Message",
    "MessageImage",
    "MessageVariant",
    "MessageVersion",
    "OnEmail",
    "OutgoingHook",
    "PriceUnit",
    "Priority",
    "Purpose",
    "QuestionKind",
    "SandboxMessage",
    "Site",
    "SiteReport",
    "Tally",
    "Topic",
]
