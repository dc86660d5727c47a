"""Rows that refer to a contact, moved to another and back: one statement for each table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.contrib.admin.models import LogEntry
from django.db.models import ForeignKey, Max, Model, QuerySet

from contacts.bulk import Among
from contacts.merging.registry import Moved, Pair
from contacts.models import Contact

Rows = dict[str, list[Any]]  # "app.model.field" -> primary keys


def columns(models: Iterable[type[Model]]) -> Iterator[tuple[str, type[Model], str]]:
    """(name, model, field) of each reference to a contact, in an order that is always the same."""
    for model in sorted(models, key=lambda model: model._meta.label):
        for field in model._meta.get_fields():
            if isinstance(field, ForeignKey) and field.related_model is Contact:
                yield f"{model._meta.label_lower}.{field.name}", model, field.name


def plain(model: type[Model]) -> QuerySet[Any]:
    """All its rows, past managers that refuse to change any: that a line is another's now changes nothing of what was said."""
    return QuerySet(model)


def move(models: Iterable[type[Model]], pair: Pair) -> Rows:
    """Whatever refers to the one refers to the other from now on; which rows those were."""
    moved: Rows = {}
    for name, model, field in columns(models):
        ids = list(plain(model).filter(**{field: pair.gone.pk}).order_by("pk").values_list("pk", flat=True))
        if ids:
            plain(model).filter(pk__in=ids).update(**{field: pair.kept.pk})
            moved[name] = ids
    return moved


def move_back(models: Iterable[type[Model]], pair: Pair, moved: Rows) -> None:
    """What is still there and still the kept one's."""
    for name, model, field in columns(models):
        if ids := moved.get(name):
            plain(model).filter(pk__in=ids, **{field: pair.kept.pk}).update(**{field: pair.gone.pk})


def newest(models: Iterable[type[Model]], contact_id: int) -> dict[str, int]:
    """The highest primary key of a contact's rows in each table whose keys are counted."""
    found = {}
    for name, model, field in columns(models):
        last = plain(model).filter(**{field: contact_id}).aggregate(last=Max("pk"))["last"]
        found[name] = last if isinstance(last, int) else 0
    return found


def came_since(model: type[Model], contact_id: int, newest: dict[str, int]) -> QuerySet[Any]:
    """The contact's rows that came after `newest` was taken."""
    name, _model, field = next(columns([model]))
    return plain(model).filter(pk__gt=newest.get(name, 0), **{field: contact_id})


def values(rows: QuerySet[Any]) -> list[dict[str, Any]]:
    """Rows as they stand, for JSON: what `revive` makes rows of again."""
    model = rows.model
    return [{f.attname: f.value_to_string(row) if _as_text(getattr(row, f.attname)) else getattr(row, f.attname)
             for f in model._meta.concrete_fields} for row in rows]  # fmt: skip


def _as_text(value: Any) -> bool:
    return not isinstance(value, str | int | float | bool | list | dict | type(None))


def revive(model: type[Model], rows: Sequence[dict[str, Any]]) -> None:
    """The rows again, with their ids and times."""
    columns = {field.attname: field for field in model._meta.concrete_fields}
    made = [model(**{name: columns[name].to_python(value) for name, value in row.items()}) for row in rows]
    if not made:
        return
    model._default_manager.bulk_create(made)
    timed = [
        name
        for name, field in columns.items()
        if getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False)
    ]
    for row in rows if timed else ():  # Django has put the present time into them
        times = {name: columns[name].to_python(row[name]) for name in timed if name in row}
        plain(model).filter(pk=row["id"]).update(**times)


def move_log(pair: Pair) -> Moved:
    """The admin's own history of changes."""
    lines = _log_of(pair.gone.pk)
    ids = list(lines.values_list("pk", flat=True))
    LogEntry.objects.filter(Among("id", ids)).update(object_id=str(pair.kept.pk))
    return {"log": ids}


def move_log_back(pair: Pair, moved: Moved) -> None:
    LogEntry.objects.filter(Among("id", moved.get("log", []))).update(object_id=str(pair.gone.pk))


def _log_of(contact_id: int) -> QuerySet[LogEntry]:
    label = Contact._meta
    return LogEntry.objects.filter(
        content_type__app_label=label.app_label, content_type__model=label.model_name, object_id=str(contact_id)
    )
