"""The first form of an import: which file, or which rows."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminTextareaWidget

from contacts.importing import encoding

MOST_PASTED = 1_000_000  # characters; more comes as a file


MOST_BYTES = 2_400_000  # of a whole form: beyond that Django takes none
_TOO_MANY = _("These are too many rows to paste. Save them as a file and choose that one.")


class UploadForm(forms.Form):
    """Choose a file, or paste rows."""

    file = forms.FileField(
        label=_("File"), required=False,
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".xlsx,.xlsm,.csv,.txt,.tsv,text/csv,text/plain"}),
    )  # fmt: skip
    pasted = forms.CharField(
        label=_("or paste rows here"), required=False, strip=False, max_length=MOST_PASTED,
        help_text=_("Copy the cells in your spreadsheet, with the names of the columns above them, and paste them."),
        error_messages={"max_length": _TOO_MANY},
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 5, "spellcheck": "false", "autocomplete": "off"}),
    )  # fmt: skip

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        attrs = self.fields["pasted"].widget.attrs
        attrs.pop("maxlength", None)  # a browser would cut the rows off there, and say nothing
        attrs |= {"data-most": MOST_PASTED, "data-bytes": MOST_BYTES, "data-long": _TOO_MANY}

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file and file.size > encoding.MAX_BYTES:
            raise forms.ValidationError(_("The file is larger than %(most)d MB.") % {"most": encoding.MAX_BYTES >> 20})
        return file

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = self.cleaned_data
        pasted = data.get("pasted", "").strip()
        if not self.errors and bool(data.get("file")) == bool(pasted):
            both = _("You chose a file and pasted rows. Do one of the two.")
            self.add_error("file", both if pasted else _("Choose a file, or paste rows below."))
        return data
