"""Flag > environment > profile > file > default, and what is said where one is wrong."""

from pathlib import Path

import pytest

from dalston_cli.errors import ConfigurationError, DalstonError, UsageError
from dalston_cli.settings.explain import line_of
from dalston_cli.settings.load import load_settings
from dalston_cli.settings.schema import Settings
from dalston_cli.settings.table import TABLE

FILE = """\
beam_size = 2
model = "from-file"

[profiles.fast]
beam-size = 3

[remote.faster-whisper]
url = "http://gpu:8401"
token_env = "GPU_TOKEN"
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "config.toml"
    path.write_text(FILE, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("given", "value", "source"),
    [
        pytest.param((5, "4", "fast"), 5, ("option", "--beam-size"), id="flag-over-all"),
        pytest.param((None, "4", "fast"), 4, ("environment", "DALSTON_BEAM_SIZE"), id="env"),
        pytest.param((None, "", "fast"), 3, ("profile", "[profiles.fast]"), id="empty-env"),
        pytest.param((None, None, "fast"), 3, ("profile", "[profiles.fast]"), id="profile"),
        pytest.param((None, None, None), 2, ("file", "config.toml"), id="file-over-default"),
    ],
)
def test_precedence(
    given: tuple[int | None, str | None, str | None],
    value: int,
    source: tuple[str, str],
    file: Path,
) -> None:
    flag, variable, profile = given
    environ = {} if variable is None else {"DALSTON_BEAM_SIZE": variable}
    resolved = load_settings({"beam_size": flag}, profile=profile, environ=environ, file=file)
    assert resolved.settings.beam_size == value
    found = resolved.sources["beam_size"]
    assert found.kind == source[0]
    assert source[1] in found.place


def test_what_nobody_set_is_a_default(tmp_path: Path) -> None:
    resolved = load_settings(environ={}, file=tmp_path / "none.toml")
    assert resolved.settings == Settings()
    assert {source.kind for source in resolved.sources.values()} == {"default"}
    assert set(resolved.sources) == set(TABLE)


@pytest.mark.parametrize(
    ("named", "variable", "in_file", "expected"),
    [
        pytest.param("fast", "slow", "slow", "fast", id="option"),
        pytest.param(None, "fast", "slow", "fast", id="variable"),
        pytest.param(None, None, "fast", "fast", id="file"),
        pytest.param(None, None, None, None, id="none"),
    ],
)
def test_which_profile(
    named: str | None,
    variable: str | None,
    in_file: str | None,
    expected: str | None,
    tmp_path: Path,
) -> None:
    first = f'profile = "{in_file}"\n' if in_file else ""
    (tmp_path / "config.toml").write_text(f"{first}[profiles.fast]\n[profiles.slow]\n")
    environ = {"DALSTON_PROFILE": variable} if variable else {}
    file = tmp_path / "config.toml"
    assert load_settings(profile=named, environ=environ, file=file).profile == expected


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        pytest.param(["srt", "vtt"], ("srt", "vtt"), id="repeated"),
        pytest.param(["srt,vtt"], ("srt", "vtt"), id="comma-list"),
        pytest.param(["srt, vtt", "json"], ("srt", "vtt", "json"), id="both"),
    ],
)
def test_lists(given: list[str], expected: tuple[str, ...], tmp_path: Path) -> None:
    resolved = load_settings({"output_format": given}, environ={}, file=tmp_path / "none")
    assert resolved.settings.output_format == expected


def test_remote_engines_come_from_the_file(file: Path) -> None:
    remote = load_settings(environ={}, file=file).remote["faster-whisper"]
    assert (remote.url, remote.token_env) == ("http://gpu:8401", "GPU_TOKEN")


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        pytest.param("model = 'a'\nbeam_siz = 2\n", 2, "did you mean `beam_size`?", id="near-miss"),
        pytest.param("xyzzy = 2\n", 1, "unknown setting xyzzy", id="unknown"),
        pytest.param("[profiles.a]\nbeam-size = 0\n", 2, "profiles.a.beam_size = 0", id="range"),
        pytest.param(
            "[profiles.a]\nmodl = 'x'\n", 2, "profiles.a.modl; did you mean `model`?", id="profile"
        ),
        pytest.param("[remote.x]\nurl = 'gpu:1'\n", 2, "remote.x.url = 'gpu:1'", id="remote"),
        pytest.param("[remote.x]\ntoken = 'abc'\n", None, "remote.x", id="remote-unknown"),
        pytest.param("model = \n", None, "line 1", id="no-toml"),
        pytest.param(
            "device = 'gpu'\n",
            1,
            "device = 'gpu': should be auto, cpu, cuda or cuda:N",
            id="pattern",
        ),
        pytest.param("channels = 'left'\n", 1, "should be mix, split or a number", id="channels"),
        pytest.param("[remote.x]\nurl = 'host'\n", 2, "should be http://HOST:PORT", id="url"),
    ],
)
def test_errors_in_the_file_name_the_place(
    text: str, line: int | None, words: str, tmp_path: Path
) -> None:
    file = tmp_path / "config.toml"
    file.write_text(text)
    with pytest.raises(ConfigurationError) as caught:
        load_settings(environ={}, file=file)
    assert words in caught.value.message
    assert caught.value.message.startswith(f"{file}:{line}: " if line else f"{file}")


def test_a_file_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        load_settings(environ={}, file=tmp_path)


def test_a_variable_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"^DALSTON_BEAM_SIZE = 'x': ") as caught:
        load_settings(environ={"DALSTON_BEAM_SIZE": "x"}, file=tmp_path / "none")
    assert caught.value.hint == "unset DALSTON_BEAM_SIZE"


def test_a_flag_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"^--vad-threshold 3\.0: "):
        load_settings({"vad_threshold": 3.0}, environ={}, file=tmp_path / "none")


@pytest.mark.parametrize(
    ("name", "hint"), [("fst", "use --profile fast"), ("night", "see: dalston config path")]
)
def test_an_unknown_profile(name: str, hint: str, file: Path) -> None:
    with pytest.raises(DalstonError, match=f"no profile '{name}'") as caught:
        load_settings(profile=name, environ={}, file=file)
    assert caught.value.hint == hint


@pytest.mark.parametrize(
    ("key", "line"),
    [
        (("beam_size",), 1),
        (("profiles", "fast"), 4),
        (("profiles", "fast", "beam_size"), 5),
        (("remote", "faster-whisper", "token_env"), 9),
        (("nowhere",), None),
    ],
)
def test_line_of(key: tuple[str, ...], line: int | None) -> None:
    assert line_of(FILE, key) == line
