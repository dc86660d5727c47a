"""The room as Django knows it; at the start it tells the rooms below what they may ask it."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CascadesConfig(AppConfig):
    name = "cascades"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = _("Cascades")

    def ready(self) -> None:
        from cascades import audience, holdings, merging, reasons, receivers, runner, stories
        from channels import sending
        from contacts import segments, territory

        holdings.register()
        reasons.register()
        receivers.connect()
        merging.connect()
        stories.register()
        segments.register_user(audience.uses_of_segment)
        segments.register_user(runner.uses_of_segment)
        sending.register_run_state(runner.run_state)
        sending.register_text_refused(runner.text_refused)
        territory.register("cascades.Enrollment", "contact__branch")
        territory.register("cascades.StepRun", "enrollment__contact__branch")
        territory.register("cascades.Launch", audience.of_branches)
        territory.shared("cascades.Cascade")
