"""What every test of the repository gets, those beside the engines too."""

from hypothesis import settings

pytest_plugins = ("tests.support.isolation", "tests.support.suite_times")

settings.register_profile("busy machines", deadline=None)  # how long an example takes is no fault
settings.load_profile("busy machines")
