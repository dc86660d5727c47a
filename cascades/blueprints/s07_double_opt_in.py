"""S07: an address counts when its owner has followed the link. Asking, reminding once and forgetting is the house's own work
(`channels.confirming`); the blueprint brings the page where people leave the address, and thanks those who confirmed."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from cascades.blueprints.blueprint import EVERYONE, MAIL, SMS, Blueprint, Crowd, Own, Plank
from cascades.blueprints.words import WEBSITE, Letter, Said
from cascades.models import Reentry, Seen, Who

THANKS = Letter(
    _("Thank you, you are on the list"),
    {
        "en": Said(
            "You are on the list",
            (
                "Thank you, your address is confirmed. You hear from us when there is something to tell, and not otherwise.",
            ),
            "{{ business.name }}: thank you, you are on the list:",
            "See what is new",
        ),
        "es": Said(
            "Ya estás en la lista",
            ("Gracias, tu dirección está confirmada. Te escribiremos cuando haya algo que contar, y solo entonces.",),
            "{{ business.name }}: gracias, ya estás en la lista:",
            "Ver las novedades",
        ),
        "fr": Said(
            "Vous êtes sur la liste",
            (
                "Merci, votre adresse est confirmée. Nous vous écrirons quand il y aura quelque chose à dire, et pas autrement.",
            ),
            "{{ business.name }} : merci, vous êtes sur la liste :",
            "Voir les nouveautés",
        ),
        "ru": Said(
            "Вы в списке",
            ("Спасибо, ваш адрес подтверждён. Будем писать, когда есть что сказать, и не чаще.",),
            "{{ business.name }}: спасибо, вы в списке:",
            "Посмотреть новости",
        ),
    },
    link=WEBSITE,
)
NEWSLETTER = _("Newsletter")

BLUEPRINT = Blueprint(
    slug="s07",
    title=_("Confirm the address (double opt-in)"),
    trades=EVERYONE,
    story=_(
        "Comes with a page, and a QR code for the counter, where people leave their address. The program asks them at once to confirm it, "
        "reminds once after two days, and forgets what nobody confirmed in time. Until then nothing else goes to that address. Whoever "
        "confirms joins the group and is thanked."
    ),
    stops=_("confirmed, or the days to confirm are over (set on the business's page)"),
    look_at=_("Find the new invitation under “Invitations to join”: print its QR code or put its link on your site."),
    letters={"thanks": THANKS},
    steps=(
        Plank(letter="thanks", kinds=MAIL, seen=Seen.NOTHING),
        Plank(letter="thanks", kinds=SMS, who=Who.FAILED, seen=Seen.NOTHING),
    ),
    trigger="segment",
    params={"segment": Own.SEGMENT, "when": "entering", "leavers": "stop"},
    reentry=Reentry.NEVER,
    group=NEWSLETTER,
    invitation=_("newsletter page"),
    segment=Crowd(_("In the newsletter"), {"all": [{"kind": "groups", "op": "any", "groups": [Own.GROUP]}]}),
)
