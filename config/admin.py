"""Third-party admins in our dress: staff, their groups, and the periodic tasks."""

from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_celery_beat.admin import (
    ClockedScheduleAdmin,
    CrontabScheduleAdmin,
    PeriodicTaskAdmin,
    PeriodicTaskForm,
    PeriodicTaskInline,
    TaskSelectWidget,
)
from django_celery_beat.models import ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule
from unfold.admin import ModelAdmin, TabularInline
from unfold.decorators import display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from contacts import territory
from contacts.forms.choices import BranchesField

BRANCHES_ABOUT = _(
    "Nothing chosen: they see everybody. With branches chosen, they see only the people of these, in lists, on pages and in exports, and"
    " nobody who has no branch. New contacts that they add belong to these branches. They start cascades for their people, but do not"
    " change what is for all branches: cascades, messages, channels, groups, settings, staff."
)

for _model in (User, Group, PeriodicTask, IntervalSchedule, CrontabSchedule, SolarSchedule, ClockedSchedule):
    admin.site.unregister(_model)


class StaffForm(UserChangeForm):
    """The login, and the branches whose people it sees."""

    branches = BranchesField()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "branches" in self.fields:
            self.fields["branches"].initial = territory.of(self.instance)

    def clean_branches(self) -> Any:
        chosen = self.cleaned_data["branches"]
        if chosen and (self.cleaned_data.get("is_superuser") or self.instance.is_superuser):
            raise forms.ValidationError(_("Who may do everything cannot be limited to branches."))
        return chosen


@admin.register(User)
class StaffAdmin(UserAdmin, ModelAdmin):  # type: ignore[type-arg]
    """People who work here. `is_staff` is what lets them in; the rest comes by their groups, and less of it where they are limited."""

    form = StaffForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "first_name", "last_name", "email", "is_active", "last_login")
    list_filter = ("is_active", "is_superuser", "groups")
    filter_horizontal = ()
    autocomplete_fields = ("groups",)
    fieldsets = (
        *(UserAdmin.fieldsets or ())[:3],
        (_("Branches"), {"fields": ("branches",), "description": BRANCHES_ABOUT}),
        *(UserAdmin.fieldsets or ())[3:],
    )

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Only those who may do everything hand out everything."""
        if request.user.is_superuser:
            return ()
        return ("is_superuser", "user_permissions", *(("groups", "is_staff") if obj == request.user else ()))

    def get_queryset(self, request: HttpRequest) -> QuerySet[User]:
        people: QuerySet[User] = super().get_queryset(request)
        return people if request.user.is_superuser else people.filter(is_superuser=False)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if "branches" in form.cleaned_data and obj != request.user:
            territory.replace(obj, form.cleaned_data["branches"])


@admin.register(Group)
class StaffGroupAdmin(GroupAdmin, ModelAdmin):
    list_display = ("shown_name",)
    filter_horizontal = ("permissions",)

    @display(description=_("name"), ordering="name")
    def shown_name(self, group: Group) -> str:
        return gettext(group.name)  # the ready groups' names are in our catalogue


class _TaskSelect(UnfoldAdminSelectWidget, TaskSelectWidget):
    """The list of the worker's tasks, in our dress."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__()


class _TaskForm(PeriodicTaskForm):
    task = forms.CharField(label=_("Task (custom)"), required=False, max_length=200, widget=UnfoldAdminTextInputWidget)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["regtask"].widget = _TaskSelect()


class _TasksInline(PeriodicTaskInline, TabularInline):
    """Which tasks run at this interval."""

    fields = readonly_fields = ("shown_name", "enabled")  # type: ignore[assignment]
    tab = True

    @display(description=_("name"))
    def shown_name(self, task: PeriodicTask) -> str:
        return gettext(task.name)


@admin.register(PeriodicTask)
class OurPeriodicTaskAdmin(PeriodicTaskAdmin, ModelAdmin):
    """What the machine does by itself. A built-in task that is deleted comes back at the next start: switch it off instead."""

    form = _TaskForm
    # Its own template has a script in the page, which our policy refuses.
    change_form_template = ModelAdmin.change_form_template
    date_hierarchy = None  # type: ignore[assignment]
    list_display = ("shown_name", "enabled", "interval", "last_run_at", "total_run_count")  # type: ignore[assignment]
    list_filter = ("enabled",)  # type: ignore[assignment]

    @display(description=_("name"), ordering="name")
    def shown_name(self, task: PeriodicTask) -> str:
        return gettext(task.name)  # the built-in tasks' names are in our catalogue

    @display(description=_("in words"))
    def crontab_translation(self, obj: PeriodicTask) -> str:
        return str(obj.crontab.human_readable) if obj.crontab else "–"


class _ScheduleAdmin(ModelAdmin):
    inlines = (_TasksInline,)


@admin.register(IntervalSchedule, SolarSchedule)
class OurScheduleAdmin(_ScheduleAdmin):
    pass


@admin.register(CrontabSchedule)
class OurCrontabAdmin(_ScheduleAdmin):
    list_display = CrontabScheduleAdmin.list_display
    fields = CrontabScheduleAdmin.fields
    readonly_fields = CrontabScheduleAdmin.readonly_fields

    @display(description=_("in words"))
    def human_readable(self, crontab: CrontabSchedule) -> str:
        return str(crontab.human_readable)


@admin.register(ClockedSchedule)
class OurClockedAdmin(_ScheduleAdmin):
    fields = ClockedScheduleAdmin.fields
    list_display = ClockedScheduleAdmin.list_display
