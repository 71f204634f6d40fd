"""Settings and plugins of all tests, those beside the engines too."""

from hypothesis import settings

pytest_plugins = (
    "tests.support.garbage",
    "tests.support.passed_suites",
    "tests.support.interrupts",
    "tests.support.isolation",
    "tests.support.measuring",
    "tests.support.open_connections",
    "tests.support.selection",
    "tests.support.suite_times",
    "tests.support.tiny_weights",
)

settings.register_profile("busy machines", deadline=None)  # how long an example takes is no fault
settings.load_profile("busy machines")
