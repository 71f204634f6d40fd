"""A roster: its people, its file, and what is refused."""

import json
import multiprocessing
import stat
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.unit.test_speakers_decision import CONSENT, enrolled, roster

from dalston_cli.errors import DalstonError, ExitCode
from dalston_cli.speakers.roster import (
    NameTakenError,
    OtherModelError,
    Roster,
    SpeakerNameError,
    UnknownPersonError,
    suitable_name,
)
from dalston_cli.speakers.roster_file import (
    EmptyRosterError,
    NoRosterError,
    RosterNameError,
    RosterNotWrittenError,
    RosterUnusableError,
    change_roster,
    read_people,
    read_roster,
    roster_path,
)

ADA = roster(Ada=(enrolled(0),))


def test_samples_are_added_to_a_person_whatever_the_case_of_the_name() -> None:
    found = ADA.with_voices("ADA", (enrolled(5),), CONSENT)
    assert found.names == ("Ada",)
    assert [len(each.voices) for each in found.people] == [2]
    assert found.people[0].consents == (CONSENT, CONSENT)
    assert found.with_voices(" Grace  Hopper ", (enrolled(90),), CONSENT).names == (
        "Ada",
        "Grace Hopper",
    )


def test_people_are_renamed_and_removed() -> None:
    both = ADA.with_voices("Eve", (enrolled(90),), CONSENT)
    assert both.renamed("ada", "Ada Lovelace").names == ("Ada Lovelace", "Eve")
    assert both.renamed("ada", "ADA").names == ("ADA", "Eve")
    assert both.without("Ada").names == ("Eve",)
    with pytest.raises(NameTakenError, match="'Eve' already"):
        both.renamed("Ada", "eve")
    with pytest.raises(UnknownPersonError, match="no 'Adda'; did you mean `Ada`"):
        both.without("Adda")


def test_another_models_voices_are_refused() -> None:
    with pytest.raises(OtherModelError, match="by n, and m hears"):
        Roster(model="n").with_voices("Ada", (enrolled(0),), CONSENT)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("", "empty"),
        ("  \n", "empty"),
        ("a" * 81, "more than 80"),
        ("SPEAKER_00", "such labels"),
        ("speaker_7", "such labels"),
        ("Ada,Eve", "','"),
        ("Ada=Eve", "'='"),
        ("Ada\x1b[31m", "x1b"),
        ("Zo\udceb", "udceb"),
    ],
)
def test_names_that_cannot_be_given(name: str, problem: str) -> None:
    with pytest.raises(SpeakerNameError) as error:
        suitable_name(name)
    assert problem in error.value.message


def test_both_ways_to_write_a_letter_are_one_name() -> None:
    roster = ADA.renamed("Ada", "Zoe\u0308")
    assert roster.names == ("Zo\u00eb",)
    assert roster.person("zoe\u0308") is roster.person("ZO\u00cb")


def test_the_file_is_for_its_user_alone_and_closed_again(tmp_path: Path) -> None:
    change_roster("default", tmp_path, lambda _: ADA)
    path = tmp_path / "speakers" / "default.json"
    assert [stat.S_IMODE(each.stat().st_mode) for each in (path, path.parent)] == [0o600, 0o700]
    path.chmod(0o644)
    assert read_roster("default", tmp_path) == ADA
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [each.name for each in path.parent.iterdir()] == ["default.json"]


def test_a_roster_has_a_name_or_a_file(tmp_path: Path) -> None:
    own = tmp_path / "team.json"
    assert roster_path("team-2", tmp_path) == tmp_path / "speakers" / "team-2.json"
    assert roster_path(str(own), tmp_path) == own
    change_roster(str(own), tmp_path, lambda _: ADA)
    assert stat.S_IMODE(own.stat().st_mode) == 0o600
    for given in ("", "../team", "team.txt", ".json", "a b", "~nobody-of-this-name/x.json"):
        with pytest.raises(RosterNameError, match="neither the name"):
            roster_path(given, tmp_path)


def test_no_roster_and_nobody_on_it(tmp_path: Path) -> None:
    with pytest.raises(NoRosterError, match="no roster 'team'") as error:
        read_roster("team", tmp_path)
    assert "--roster team Ada" in str(error.value.hint)
    change_roster("team", tmp_path, lambda _: Roster(model="m"))
    with pytest.raises(EmptyRosterError, match="the roster 'team'"):
        read_people("team", tmp_path)


def changed(**changes: Any) -> dict[str, Any]:
    """Return the roster of Ada as JSON, with other values for her or her voice."""
    document: dict[str, Any] = json.loads(json.dumps(_plain(ADA)))
    [person] = document["people"]
    for name, value in changes.items():
        place = person["voices"][0] if name in person["voices"][0] else person
        (document if name in document else place)[name] = value
    return document


def _plain(found: Roster) -> Any:
    return msgspec.to_builtins(found)


@pytest.mark.parametrize(
    ("document", "problem"),
    [
        pytest.param("{", "truncated", id="torn"),
        pytest.param("[]", "Expected `object`", id="a list"),
        pytest.param(changed(dalston_roster_version=9), "newer Dalston", id="newer"),
        pytest.param(changed(consents=[]), "no consent is noted of 'Ada'", id="no consent"),
        pytest.param(changed(model="other"), "of another model", id="two models"),
        pytest.param(changed(vector=[1.0]), "is no vector", id="short vector"),
        pytest.param(changed(vector=[0.0, 0.0]), "is no vector", id="no direction"),
        pytest.param(changed(people=_plain(ADA)["people"] * 2), "the same name", id="twice"),
    ],
)
def test_a_file_that_is_no_roster(document: object, problem: str, tmp_path: Path) -> None:
    path = tmp_path / "team.json"
    text = document if isinstance(document, str) else json.dumps(document)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RosterUnusableError, match=problem) as error:
        read_roster(str(path), tmp_path)
    assert error.value.exit_code == ExitCode.CONFIGURATION
    with pytest.raises(RosterUnusableError):
        change_roster(str(path), tmp_path, lambda _: ADA)
    assert path.read_text(encoding="utf-8") == text


def test_a_place_that_takes_no_file(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RosterNotWrittenError, match="cannot be written"):
        change_roster(str(tmp_path / "file" / "team.json"), tmp_path, lambda _: ADA)


def test_a_change_that_fails_changes_nothing(tmp_path: Path) -> None:
    change_roster("default", tmp_path, lambda _: ADA)
    with pytest.raises(DalstonError):
        change_roster("default", tmp_path, lambda found: (found or ADA).without("Eve"))
    assert read_roster("default", tmp_path) == ADA


def _add(state: Path, number: int) -> None:
    def change(found: Roster | None) -> Roster:
        return (found or Roster(model="m")).with_voices(f"P{number}", (enrolled(0),), CONSENT)

    change_roster("default", state, change)


def test_changes_at_once_all_count(tmp_path: Path) -> None:
    context = multiprocessing.get_context("fork")
    others = [context.Process(target=_add, args=(tmp_path, number)) for number in range(4)]
    for other in others:
        other.start()
    for other in others:
        other.join(timeout=180)
    assert sorted(read_roster("default", tmp_path).names) == ["P0", "P1", "P2", "P3"]
