"""One bar over the builds of an engine's image."""

from dalston_cli.launchers.docker.images.builder import BuildProgress


def test_steps_and_packages_fill_one_bar() -> None:
    told: list[float] = []
    progress = BuildProgress(2, 4, told.append)
    progress.begin()
    for number in range(1, 5):
        progress.read(f"Step {number}/4 : RUN something")
    assert told == [0.125, 0.25, 0.375], "each step that is over is an eighth"

    progress.begin()
    progress.read("Step 1/2 : FROM base")
    progress.read("Step 2/2 : RUN pip install")
    for number in range(4):
        progress.read(f"Collecting package{number}==1.0")
        progress.read(f"  Downloading package{number}-1.0-py3-none-any.whl (8 kB)")
    assert told[3:] == [0.5, 0.75, 0.8125, 0.875, 0.9375, 1.0]


def test_a_bar_never_goes_back_and_tells_hundredths_only() -> None:
    told: list[float] = []
    progress = BuildProgress(1, 1000, told.append)
    progress.begin()
    progress.read("Step 1/1 : RUN pip install")
    for number in range(1200):
        progress.read(f"Collecting package{number}")
    assert len(told) <= 100
    assert told == sorted(told)
    assert told[-1] >= 0.99
