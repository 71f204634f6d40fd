"""What the rules of redaction find in a text, and what they do not."""

import time

import pytest

from dalston_cli.redaction.finding import Kind
from dalston_cli.redaction.names import Names, parse_list
from dalston_cli.redaction.pseudonyms import Pseudonyms
from dalston_cli.redaction.rules import Rules
from dalston_cli.redaction.spoken import spoken_emails
from dalston_cli.redaction.written import emails

PEOPLE = (
    ["Ada Lovelace", "Countess"],
    ["José Núñez"],
    ["李明"],
    ["Anne-Marie de Vries"],
    ["O\u2019Brien"],
    ["I\u015f\u0131k"],
    ["\u0141ukasz"],
)

TEXTS = [
    ("Hello Ada, hello ADA LOVELACE.", "Hello [NAME_1], hello [NAME_1]."),
    ("Ada's book, Adas Buch, the Countess' cat", "[NAME_1] book, [NAME_1] Buch, the [NAME_1] cat"),
    ("jose nunez and Jose\u0301", "[NAME_1] and [NAME_1]"),
    ("我是李明。", "我是[NAME_1]。"),
    ("Anne Marie called; de is no name", "[NAME_1] called; de is no name"),
    ("Canada, adamant, Marietta", "Canada, adamant, Marietta"),
    (
        "interview_Ada_Lovelace, ada2, x.com/adalovelace",
        "interview_[NAME_1], [NAME_1]2, x.com/[NAME_1]",
    ),
    ("A\u00adda and Love\u200blace", "[NAME_1] and [NAME_1]"),
    ("O'Brien, O\u2019Brien's, O\u02bcBRIEN", "[NAME_1], [NAME_1], [NAME_1]"),
    ("I\u015eIK, \u0131\u015f\u0131k, Lukasz", "[NAME_1], [NAME_1], [NAME_2]"),
    ("ada.l @ example.com or a.l@example . com. Then", "[EMAIL_1] or [EMAIL_2]. Then"),
    ("write to ada.l+x@mail.example.com.", "write to [EMAIL_1]."),
    ("a d a at example dot com, please", "[EMAIL_1], please"),
    ("max punkt muster at beispiel punkt de", "[EMAIL_1]"),
    ("we are at home", "we are at home"),
    ("DE89 3704 0044 0532 0130 00 is mine", "[IBAN_1] is mine"),
    ("de89370400440532013000", "[IBAN_1]"),
    ("DE88 3704 0044 0532 0130 00 is wrong", "[NUMBER_1] is wrong"),
    ("card 4111 1111 1111 1111 ok", "card [CARD_1] ok"),
    ("card 4111-1111-1111-1112 ok", "card [NUMBER_1] ok"),
    ("call 020 7946 0958 or +49 30 901820", "call [PHONE_1] or [PHONE_2]"),
    ("room 12, 3 people", "room 12, 3 people"),
    ("in 1984, maybe", "in [NUMBER_1], maybe"),
    ("it is 4, 2, 1, 7", "it is [NUMBER_1]"),
    ("٠١٢٣٤", "[NUMBER_1]"),
    ("code four two one", "code [NUMBER_1]"),
    ("code four, two and then one", "code four, two and then one"),
    ("double oh seven 5 nine, right", "[NUMBER_1], right"),
    ("two hundred and thirty one", "[NUMBER_1]"),
    ("one or two people", "one or two people"),
    ("vier zwei eins", "[NUMBER_1]"),
    ("das war zweitausendsechsundzwanzig", "das war [NUMBER_1]"),
    ("zéro six douze", "[NUMBER_1]"),
    ("cero uno dos", "[NUMBER_1]"),
    ("我的号码是一三八零零", "我的号码是[NUMBER_1]"),
    ("1234 and 1234 and 12 34 and 9999", "[NUMBER_1] and [NUMBER_1] and [NUMBER_1] and [NUMBER_2]"),
]


@pytest.mark.parametrize(("text", "redacted"), TEXTS)
def test_a_text(text: str, redacted: str) -> None:
    rules = Rules(names=Names(PEOPLE), region="GB")
    assert Pseudonyms().replaced(text, rules) == redacted


def test_kinds_can_be_chosen() -> None:
    rules = Rules(names=Names([["Ada"]]), kinds=frozenset({Kind.EMAIL}))
    assert Pseudonyms().replaced("Ada, 1234, a@b.de", rules) == "Ada, 1234, [EMAIL_1]"


def test_what_overlaps_is_replaced_as_one() -> None:
    rules = Rules(names=Names([["Ada"]]))
    assert Pseudonyms().replaced("ada@ada.org or a@ada.org", rules) == "[EMAIL_1] or [EMAIL_2]"


def test_a_list_has_a_person_a_line() -> None:
    text = "Ada Lovelace, Countess  # 1815\n\n# nobody\nGrace\n"
    assert [*parse_list(text)] == [["Ada Lovelace", "Countess"], ["Grace"]]


@pytest.mark.parametrize("text", ["my name is Bob", "flat 12b", "born on the third of May"])
def test_what_is_not_found_and_documented(text: str) -> None:
    assert Pseudonyms().replaced(text, Rules(names=Names(PEOPLE))) == text


@pytest.mark.parametrize(
    "text",
    ["今日は良い天気" * 8_000, "a-" * 8_000, "a dot " * 4_000],
    ids=["spaceless", "-", "dot"],
)
def test_long_texts_take_time_in_proportion(text: str) -> None:
    begin = time.process_time()
    assert [*emails(text), *spoken_emails(text)] == []
    assert time.process_time() - begin < 5
