"""Is this file text, and in which encoding? Order: byte order mark, UTF-16 by its zeros, strict UTF-8, then by language."""

from __future__ import annotations

import codecs
import re
from typing import BinaryIO

from django.utils.translation import gettext_lazy as _

CHOICES = {
    "utf-8": _("UTF-8"),
    "utf-16": _("Unicode text (UTF-16)"),
    "utf-16-le": _("UTF-16 LE, without mark"),
    "utf-16-be": _("UTF-16 BE, without mark"),
    "cp1251": _("Cyrillic (Windows 1251)"),
    "cp1252": _("Western European (Windows 1252)"),
    "cp1250": _("Central European (Windows 1250)"),
    "koi8-r": _("Cyrillic (KOI8-R)"),
    "mac_roman": _("Western European (old Macintosh)"),
}

MAX_BYTES = 200 * 1024 * 1024
_MAX_LINE = 1_000_000  # characters; a table of contacts has no such line
_BLOCK = 1 << 20
_HEAD = 8192
_SAMPLE = 1 << 18
_CONTROL = re.compile("[\x01-\x08\x0e-\x1a\x7f]")
_WORD = re.compile(r"[^\W\d_]{2,}")
_CYRILLIC = re.compile("[Ѐ-ӿ]")
_BREAK = re.compile("[\r\n]")

_EXPORT = _("Export the list as XLSX or CSV from the program that it comes from.")
_OLD = _(
    "This is a workbook of an old Excel, or one that is locked with a password. Open it in Excel and save it as XLSX or CSV."
)
_PAGE = _(
    "This is a web page, perhaps one that was named .xls. Open it in a spreadsheet program and save it as XLSX or CSV."
)
_PICTURE = _("This is a picture, not a table.")
_MAGIC: tuple[tuple[bytes, tuple[object, ...]], ...] = (
    (b"PK\x03\x04", (_("This is an archive, not a table."), _EXPORT)),
    (b"\xd0\xcf\x11\xe0", (_OLD,)),
    (b"\x09\x08", (_OLD,)),
    (b"%PDF", (_("This is a PDF document, not a table."), _EXPORT)),
    (b"{\\rtf", (_("This is a text document, not a table."), _EXPORT)),
    (b"<!DOCTYPE", (_PAGE,)),
    (b"<html", (_PAGE,)),
    (b"<table", (_PAGE,)),
    (b"<meta", (_PAGE,)),
    (b"<?xml", (_PAGE,)),
    (b"BEGIN:VCARD", (_("These are address cards, not a table."), _EXPORT)),
    (b"\xff\xd8\xff", (_PICTURE, _EXPORT)),
    (b"\x89PNG", (_PICTURE, _EXPORT)),
    (b"GIF8", (_PICTURE, _EXPORT)),
)
BINARY = _(
    "This file is not text, so it cannot be read as a table. Export the list as XLSX or CSV and choose that file."
)
EMPTY = _("The file is empty.")
ENDLESS = _("The file has no line breaks, so it cannot be a table of contacts.")


class NotATable(ValueError):
    """The file cannot be a table of contacts. str() is the sentence for the person who chose it."""


class BadEncoding(ValueError):
    """The file cannot be read in the chosen encoding."""

    def __str__(self) -> str:
        return str(_("The file cannot be read as %(encoding)s. Choose another encoding.")) % {
            "encoding": CHOICES.get(self.args[0], self.args[0])
        }


def detect(stream: BinaryIO) -> str:
    """A key of CHOICES in which the whole file can be read. Raises NotATable."""
    head = _head(stream)
    for mark, name in ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16")):
        if head.startswith(mark):
            return _first_that_reads(stream, [name])
    if b"\0" in head:
        return _first_that_reads(stream, _utf16_by_zeros(head))
    return _first_that_reads(stream, ["utf-8", *_single_byte(stream)])


def scan(stream: BinaryIO, encoding: str) -> None:
    """Read the whole file once. Raises BadEncoding, or NotATable where it holds what no text holds."""
    decoder = codecs.getincrementaldecoder(encoding)()
    stream.seek(0)
    line, controls, length = 0, 0, 0
    while block := stream.read(_BLOCK):
        try:
            text = decoder.decode(block)
        except UnicodeDecodeError:
            raise BadEncoding(encoding) from None
        if "\0" in text:
            raise NotATable(BINARY)
        controls += len(_CONTROL.findall(text))
        length += len(text)
        line = _longest_open_line(text, line)
        if controls > 8 + length // 100:
            raise NotATable(BINARY)
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        raise BadEncoding(encoding) from None


def _longest_open_line(text: str, before: int) -> int:
    """Length of the line that is still open at the end of the text; refuses one that is too long."""
    if len(text) + before > _MAX_LINE:
        pieces = _BREAK.split(text)
        if max(len(piece) for piece in [*pieces[1:], pieces[0] + " " * before]) > _MAX_LINE:
            raise NotATable(ENDLESS)
    last = max(text.rfind("\n"), text.rfind("\r"))
    return before + len(text) if last < 0 else len(text) - last - 1


def _head(stream: BinaryIO) -> bytes:
    stream.seek(0)
    head = stream.read(_HEAD)
    if not head.strip(b"\xef\xbb\xbf\xff\xfe \r\n\t\0"):
        raise NotATable(EMPTY if len(head) < _HEAD else BINARY)
    start = head.removeprefix(codecs.BOM_UTF8).lstrip().lower()
    for magic, sentences in _MAGIC:
        if start.startswith(magic.lower()):
            raise NotATable(" ".join(str(sentence) for sentence in sentences))
    return head


def _utf16_by_zeros(head: bytes) -> list[str]:
    """Text has zeros on one side only: every delimiter and line break has one, in any language."""
    first, second = head[0::2].count(0), head[1::2].count(0)
    if first and second:
        return []
    name = "utf-16-le" if second else "utf-16-be"
    return [name] if _BREAK.search(head.decode(name, "ignore")) else []


def _first_that_reads(stream: BinaryIO, names: list[str]) -> str:
    for name in names:
        try:
            scan(stream, name)
        except BadEncoding:
            continue
        return name
    raise NotATable(BINARY)


def _single_byte(stream: BinaryIO) -> list[str]:
    """Windows' encodings, the likelier first. Every byte means something in each, so the words decide."""
    stream.seek(0)
    sample = stream.read(_SAMPLE)
    while sample and not any(byte > 127 for byte in sample):
        sample = stream.read(_SAMPLE)
    whole = mixed = 0
    for word in _WORD.findall(sample.decode("cp1251", "replace")):
        found = len(_CYRILLIC.findall(word))
        whole += found == len(word)
        mixed += 0 < found < len(word)
    western = ["cp1252", "cp1250"]
    return ["cp1251", *western] if whole > mixed else [*western, "cp1251"]
