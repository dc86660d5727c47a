"""How many cases are invented: a few in the ordinary run; `manage.py test -m hypothesis --hypothesis-profile thorough` takes its time."""

from hypothesis import HealthCheck, settings

TIMES = 2  # so many more in the thorough run
FEW = 30

settings.register_profile(
    "house", max_examples=FEW, deadline=None, database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip
settings.register_profile("thorough", settings.get_profile("house"), max_examples=FEW * TIMES)
settings.load_profile("house")


def thorough() -> bool:
    """Whether all that can be tried is to be tried."""
    return settings.get_current_profile_name() == "thorough"


def invented(few: int) -> settings:
    """Decorate a test for which FEW is too many or too few."""
    return settings(max_examples=few * (TIMES if thorough() else 1))
