"""What every test of the repository gets, those beside the engines too."""

pytest_plugins = ("tests.isolation", "tests.suite_times")
