"""A member of staff: does everything through the admin's own pages, and reads what they show."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client

from tests.scenarios.pages import filled, form_with, forms

ADMIN = "/admin"
MINUTES, HOURS, DAYS = "minutes", "hours", "days"


class Staff:
    """Logged in as the owner."""

    def __init__(self) -> None:
        call_command("createsuperuser", username="olga", email="olga@aurora.example", interactive=False)
        from django.contrib.auth import get_user_model

        self.client = Client()
        self.client.force_login(get_user_model().objects.get(username="olga"))

    # --- pages ------------------------------------------------------------------------------------------------------

    def see(self, url: str) -> str:
        answer = self.client.get(url, follow=True)
        assert answer.status_code == 200, (url, answer.status_code)
        return answer.content.decode()

    def send(self, url: str, field: str, **changes: Any) -> Any:
        """Open the page, fill in the form that has `field`, send it. The answer is the page that follows."""
        opened = self.client.get(url, follow=True)
        here = opened.redirect_chain[-1][0] if opened.redirect_chain else url
        form = form_with(opened.content.decode(), field)
        answer = self.client.post(form.action or here, filled(form, changes), follow=True)
        assert answer.status_code == 200, (url, answer.status_code)
        return answer

    # --- the shop ---------------------------------------------------------------------------------------------------

    def set_up_shop(self) -> None:
        """Name and place, no quiet hours by day, and a sandbox channel each for email and SMS."""
        self.send(
            f"{ADMIN}/contacts/business/", "quiet_from", name="Salon Aurora", country="ES", time_zone="Europe/Madrid",
            language="en", public_address="http://127.0.0.1:8000", postal_address="Calle Mayor 1, Madrid", cap_messages="",
        )  # fmt: skip
        self.add_channel("Email", "email", "0.0005", "message", "hello@aurora.example")
        self.add_channel("SMS", "sms", "0.06", "segment", "+34600000000")

    def add_channel(self, name: str, kind: str, price: str, unit: str, sender: str) -> None:
        self.send(f"{ADMIN}/channels/channel/add/", "name", **self._channel(name, kind, price, unit, sender))
        assert name in self.see(f"{ADMIN}/channels/channel/")

    def _channel(self, name: str, kind: str, price: str, unit: str, sender: str) -> dict[str, Any]:
        page = form_with(self.see(f"{ADMIN}/channels/channel/add/"), "name")
        known = {
            "name": name, "kind": kind, "transport": "sandbox", "carrier": f"sandbox:{kind}", "price": price, "price_unit": unit,
            "sender_name": "Salon Aurora", "sender_address": sender, "rate": "1000",
        }  # fmt: skip
        return {field: value for field, value in known.items() if field in page.names}

    def number_of(self, model: str, name: str) -> str:
        """The number of a row in the admin's own address, found by its name in the list."""
        for number, text in links(self.see(f"{ADMIN}/{model}/"), model):
            if text.startswith(name):
                return number
        raise AssertionError(f"{name} is not in the list of {model}")

    # --- people -----------------------------------------------------------------------------------------------------

    def import_people(self, clock: Any, table: str, *, group: str, consent: bool = True) -> list[dict[str, str]]:
        """Choose the file, accept the columns that were guessed, check, confirm; everyone joins the group. Returns the refused rows."""
        file = SimpleUploadedFile("people.csv", table.encode("utf-8-sig"), "text/csv")
        answer = self.client.post(f"{ADMIN}/contacts/importrun/add/", {"file": file}, follow=True)
        here = answer.redirect_chain[-1][0]
        statement = {
            "mode": "all", "channels": ["email", "sms"], "basis": "express", "wording": "Yes, write to me.", "date": "2026-06-01",
            "confirmed_by": "Olga",
        }  # fmt: skip
        self.send(here, "new_group", new_group=group, **(statement if consent else {"mode": "none"}))
        clock.run("contacts.tasks.work_imports")
        self.client.post(here.replace("/change/", "/confirm/"))
        clock.run("contacts.tasks.work_imports")
        return self._table(
            here.replace("/change/", "/refused/"), delimiter=";" if ";" in table.split("\n", 1)[0] else ","
        )

    # --- texts and cascades -----------------------------------------------------------------------------------------

    def write(self, name: str, texts: dict[tuple[str, str], tuple[str, str]], **fields: Any) -> str:
        """A message: {(channel kind, language): (subject, text)}."""
        sent: dict[str, Any] = {"name": name, "purpose": "marketing", **fields}
        for number, ((kind, language), (subject, body)) in enumerate(texts.items()):
            values = {"kind": kind, "language": language, "subject": subject, "preheader": "", "body": body}
            sent |= {f"variants-{number}-{field}": value for field, value in values.items()}
        sent |= {"variants-TOTAL_FORMS": len(texts), "variants-INITIAL_FORMS": 0}
        self.send(f"{ADMIN}/channels/message/add/", "name", **sent)
        return self.number_of("channels/message", name)

    def build(
        self, name: str, steps: list[dict[str, Any]], *, goal: list[str], wait: tuple[int, str] = (1, DAYS)
    ) -> str:
        """A cascade; each step: channel and message by name, wait and validity as (number, unit), the rest as the page has it."""
        sent: dict[str, Any] = {"name": name, "goal": goal, "final_wait_0": wait[0], "final_wait_1": wait[1]}
        for number, step in enumerate(steps):
            sent |= {f"steps-{number}-{field}": value for field, value in self._step(number, **step).items()}
        sent |= {"steps-TOTAL_FORMS": len(steps), "steps-INITIAL_FORMS": 0}
        self.send(f"{ADMIN}/cascades/cascade/add/", "name", **sent)
        return self.number_of("cascades/cascade", name)

    def _step(self, number: int, *, channel: str, message: str, wait: tuple[int, str], **more: Any) -> dict[str, Any]:
        longest = more.pop("longest", ("", HOURS))
        valid = more.pop("valid", (3, DAYS))
        return {
            "channel": self.number_of("channels/channel", channel), "message": self.number_of("channels/message", message),
            "wait_0": wait[0], "wait_1": wait[1], "longest_wait_0": longest[0], "longest_wait_1": longest[1],
            "validity_0": valid[0], "validity_1": valid[1], "wait_from": "sent", "who": "everyone", "seen": "opened",
            "position": number, **more,
        }  # fmt: skip

    def start(self, cascade: str, group: str, *, twice: bool = False) -> str:
        """Choose the group, look at the numbers, start; `twice` clicks the button again. Returns the page with the numbers."""
        choose = self.client.get(f"{ADMIN}/cascades/cascade/{cascade}/launch/", follow=True).redirect_chain[-1][0]
        shown = self.send(choose, "when", when="now", groups=[self.number_of("contacts/group", group)])
        page: str = shown.content.decode()
        if not any("stamp" in form.names for form in forms(page)):  # so many people that the numbers come in afterwards
            page = self.see(f"{shown.redirect_chain[-1][0]}?whole=1")
        go = next(form for form in forms(page) if "stamp" in form.names)
        for _ in range(2 if twice else 1):
            assert self.client.post(go.action, filled(go, {}), follow=True).status_code == 200
        return page

    # --- what people do, played in the sandbox ------------------------------------------------------------------------

    def play(self, address: str, act: str, text: str = "") -> None:
        """Press one of the buttons on the newest message to this address."""
        page = self.see(f"{ADMIN}/channels/sandboxmessage/?q={address.replace('+', '%2B')}")
        number = first_link(page, "channels/sandboxmessage")
        shown = self.see(f"{ADMIN}/channels/sandboxmessage/{number}/change/")
        assert f'value="{act}"' in shown, f"the page has no button to play {act}"
        answer = self.client.post(
            f"{ADMIN}/channels/sandboxmessage/{number}/play/", {"act": act, "text": text, "link": "0"}
        )
        assert answer.status_code == 302

    def press(self, address: str, label: str) -> None:
        """Press a button beneath the newest message to this address, as the messenger shows it."""
        page = self.see(f"{ADMIN}/channels/sandboxmessage/?q={address.replace('+', '%2B')}")
        number = first_link(page, "channels/sandboxmessage")
        shown = self.see(f"{ADMIN}/channels/sandboxmessage/{number}/change/")
        found = re.search(rf'name="link" value="(\d+)">{re.escape(label)}</button>', shown)
        assert found, f"the message has no button {label}"
        url = f"{ADMIN}/channels/sandboxmessage/{number}/play/"
        assert self.client.post(url, {"act": "press", "link": found[1]}).status_code == 302

    def bought(self, name: str) -> None:
        """The button on the person's page."""
        page = self.see(f"{ADMIN}/contacts/contact/?q={name}")
        number = first_link(page, "contacts/contact")
        url = f"{ADMIN}/contacts/contact/{number}/change/"
        form = next(form for form in forms(self.see(url)) if form.action.endswith("/event/"))
        answer = self.client.post(form.action, filled(form, {"name": "order"}), follow=True)
        assert answer.status_code == 200

    # --- what the pages then say --------------------------------------------------------------------------------------

    def recipients(self, cascade: str) -> dict[tuple[str, str], tuple[str, str]]:
        """{(person, channel): (outcome, reason)}, from the list that staff download."""
        rows = self._table(f"{ADMIN}/cascades/steprun/export/?cascade={cascade}")
        got = Counter((row["person"], row["address"], row["step"], row["channel"]) for row in rows if row["sent"])
        assert not [one for one, times in got.items() if times > 1], "somebody has the same step twice"
        return {(row["person"], f"{row['step']}/{row['channel']}"): (row["outcome"], row["why"]) for row in rows}

    def _table(self, url: str, delimiter: str = ",") -> list[dict[str, str]]:
        """A download, row by row."""
        answer = self.client.get(url)
        assert answer.status_code == 200
        text = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
        return list(csv.DictReader(io.StringIO(text), delimiter=delimiter))

    def ended(self, cascade: str) -> dict[str, str]:
        """{person: how it ended}, from the list of people."""
        page = self.see(f"{ADMIN}/cascades/enrollment/?cascade={cascade}")
        return _people(page)


def links(page: str, model: str) -> list[tuple[str, str]]:
    """(number, text) of the links to the rows of a list."""
    found = re.findall(rf'href="{ADMIN}/{model}/(\d+)/change/[^"]*"[^>]*>\s*(.*?)\s*</a>', page, re.DOTALL)
    return [(number, re.sub(r"<[^>]+>|\s+", " ", text).strip()) for number, text in found]


def first_link(page: str, model: str) -> str:
    found = links(page, model)
    assert found, f"the list of {model} is empty"
    return found[0][0]


def _people(page: str) -> dict[str, str]:
    found = {}
    for row in page.split('class="font-semibold" href="/admin/contacts/contact/')[1:]:
        name = row.split(">", 1)[1].split("<", 1)[0]
        rest = row.split("</tr>", 1)[0].lower()
        outcomes = ("could not be reached", "no reaction", "reached", "stopped", "failed", "still running")
        found[name] = next(
            (outcome for outcome in outcomes if f">{outcome}" in rest or f"\n{outcome}" in rest or outcome in rest), ""
        )
    return found
