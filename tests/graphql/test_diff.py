from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from revy_graphql.diff import MAX_LINES, diff_texts
from tests.graphql.api import Api, recorded
from tests.graphql.app.models import Article, Draft

QUERY = """query ($type: String!, $id: ID!, $from: Int, $to: Int) {
  diff(contentType: $type, contentId: $id, from: $from, to: $to) {
    from { version action } to { version action actor { display } revision { description } }
    attributes { fieldName oldValue newValue unifiedDiff isMasked }
  }
}"""


def diff(api: Api, article: Any, **versions: Any) -> Any:
    return api.ask(QUERY, type="gqlapp.article", id=str(article.pk), **versions)["diff"]


def shown(found: Any) -> dict[str, Any]:
    """Return the values that differ and may be seen."""
    return {
        each["fieldName"]: (each["oldValue"], each["newValue"]) for each in found["attributes"] if not each["isMasked"]
    }


@pytest.fixture
def article(db: None, editor: Any) -> Article:
    """Created, changed twice, deleted, and created again."""
    with recorded(message="1"):
        article = Article.objects.create(pk=7, title="t", body="one\ntwo\n", secret="s")
    with recorded(actor=editor, message="2"):
        article.body = "one\n2\nthree\n"
        article.save()
    with recorded(message="3"):
        article.title, article.body = "T", "one\ntwo\n"
        article.save()
    with recorded(message="4"):
        Article.objects.get(pk=7).delete()
    with recorded(message="5"):
        article = Article.objects.create(pk=7, title="again")
    return article


def test_two_versions_differ_in_what_changed_between_them(article: Article, as_editor: Api) -> None:
    found = diff(as_editor, article, **{"from": 1, "to": 2})
    assert found["from"] == {"version": 1, "action": "CREATE"}
    assert found["to"] == {
        "version": 2, "action": "UPDATE", "actor": {"display": "editor"}, "revision": {"description": "2"},
    }  # fmt: skip
    assert [each for each in found["attributes"] if not each["isMasked"]] == [
        {
            "fieldName": "body",
            "oldValue": "one\ntwo\n",
            "newValue": "one\n2\nthree\n",
            "unifiedDiff": "--- body\tversion 1\n+++ body\tversion 2\n@@ -1,2 +1,3 @@\n one\n-two\n+2\n+three\n",
            "isMasked": False,
        }
    ]


def test_what_changed_there_and_back_does_not_differ(article: Article, as_editor: Api) -> None:
    assert shown(diff(as_editor, article, **{"from": 1, "to": 3})) == {"title": ("t", "T")}


def test_versions_may_be_compared_backwards(article: Article, as_editor: Api) -> None:
    assert shown(diff(as_editor, article, **{"from": 3, "to": 1})) == {"title": ("T", "t")}


def test_version_does_not_differ_from_itself(article: Article, as_editor: Api) -> None:
    assert shown(diff(as_editor, article, **{"from": 2, "to": 2})) == {}


def test_by_default_the_last_change_is_shown(article: Article, as_editor: Api) -> None:
    found = diff(as_editor, article)
    assert (found["from"]["version"], found["to"]["version"]) == (4, 5)
    assert diff(as_editor, article, to=2)["from"]["version"] == 1
    assert diff(as_editor, article, **{"from": 2})["to"]["version"] == 5


def test_before_the_first_version_there_is_nothing(article: Article, as_editor: Api) -> None:
    found = diff(as_editor, article, to=1)
    assert found["from"] is None
    assert shown(found) == {"id": (None, 7), "title": (None, "t"), "body": (None, "one\ntwo\n")}
    found = diff(as_editor, article, **{"from": 1, "to": 0})
    assert found["to"] is None
    assert shown(found)["title"] == ("t", None)


def test_after_a_deletion_there_is_nothing(article: Article, as_editor: Api) -> None:
    assert shown(diff(as_editor, article, to=4)) == {
        "id": (7, None),
        "title": ("T", None),
        "body": ("one\ntwo\n", None),
    }
    assert shown(diff(as_editor, article, to=5)) == {"id": (None, 7), "title": (None, "again"), "body": (None, "")}


@pytest.mark.parametrize("versions", [{"to": 6}, {"from": 9}, {"from": 1, "to": 99}, {"from": 2**31 - 1}])
def test_version_that_does_not_exist_is_not_found(versions: Any, article: Article, as_editor: Api) -> None:
    assert as_editor(QUERY, type="gqlapp.article", id="7", **versions).codes == ["NOT_FOUND"]


def test_negative_version_is_invalid(article: Article, as_editor: Api) -> None:
    assert as_editor(QUERY, type="gqlapp.article", id="7", **{"from": -1}).codes == ["INVALID"]
    assert as_editor(QUERY, type="gqlapp.article", id="7", to=-1).codes == ["INVALID"]


@pytest.mark.django_db
def test_object_without_history_has_no_versions(as_editor: Api) -> None:
    article = Article.objects.create(title="t")
    found = diff(as_editor, article)
    assert found == {"from": None, "to": None, "attributes": []}


def test_unknown_hidden_and_missing_look_the_same(article: Article, as_editor: Api, anonymous: Api) -> None:
    draft = Draft.objects.create(title="hidden")
    answers = [
        as_editor(QUERY, type=label, id=key)
        for label, key in (("gqlapp.article", "99"), ("gqlapp.draft", str(draft.pk)), ("no.such", "1"))
    ]
    answers.append(anonymous(QUERY, type="gqlapp.article", id="7"))
    assert {(tuple(answer.codes), answer.errors[0]["message"]) for answer in answers} == {
        (("NOT_FOUND",), "Not found.")
    }


def test_masked_attribute_is_given_whether_it_differs_or_not(article: Article, as_editor: Api) -> None:
    """Else it could be told whether a hidden value has come back."""
    masked = []
    with recorded():
        article.secret = "other"
        article.save()
    for versions in ({"from": 1, "to": 2}, {"from": 5, "to": 6}, {"from": 1, "to": 6}):
        found = diff(as_editor, article, **versions)
        masked.append([each for each in found["attributes"] if each["fieldName"] == "secret"])
    hidden = {"fieldName": "secret", "oldValue": None, "newValue": None, "unifiedDiff": None, "isMasked": True}
    assert masked == [[hidden]] * 3


@pytest.mark.django_db
def test_reference_to_a_hidden_object_is_masked(as_editor: Api) -> None:
    draft = Draft.objects.create(title="hidden")
    with recorded():
        article = Article.objects.create(title="t")
    with recorded():
        article.draft = draft
        article.save()
    found = {each["fieldName"]: each for each in diff(as_editor, article)["attributes"]}
    assert found["draft_id"]["isMasked"]
    assert found["draft_id"]["newValue"] is None


lines = st.sampled_from(["a", "b", "", "@@ -1 +1 @@", "-- x", "++ y", "\u2028", "\r", "\f"])
texts = st.builds("\n".join, st.lists(lines, max_size=30))


def patched(old: str, diff: str) -> str:
    """Apply a unified diff, as `patch` does, and check every line that it tells of."""
    old_lines = re.findall(r"[^\n]*\n|[^\n]+", old)
    hunks = re.findall(r"[^\n]*\n", diff)
    found: list[str] = []
    place = 0
    number = 2
    while number < len(hunks):
        match = re.fullmatch(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@\n", hunks[number])
        assert match is not None, hunks[number]
        start, length, new_start, new_length = (int(part) if part else 1 for part in match.groups())
        begin = start - 1 if length else start
        found += old_lines[place:begin]
        assert len(found) == (new_start - 1 if new_length else new_start)
        place, number = begin, number + 1
        taken = given = 0
        while taken < length or given < new_length:
            kind, text = hunks[number][0], hunks[number][1:]
            number += 1
            if number < len(hunks) and hunks[number].startswith("\\ "):
                text, number = text.removesuffix("\n"), number + 1
            if kind in " -":
                assert old_lines[place] == text
                place, taken = place + 1, taken + 1
            if kind in " +":
                found.append(text)
                given += 1
    return "".join(found + old_lines[place:])


@given(texts, texts, texts, texts)
def test_patching_a_text_gives_the_other(head: str, old: str, new: str, tail: str) -> None:
    old, new = "\n".join([head, old, tail]), "\n".join([head, new, tail])
    diff = diff_texts(old, new, "a", "b")
    assert diff is not None
    assert patched(old, diff) == new
    assert (diff == "") is (old == new)


@given(st.integers(0, 3000), st.integers(0, 3000))
def test_difference_in_a_long_text_is_placed_where_it_is(before: int, behind: int) -> None:
    head, tail = [f"h{number}" for number in range(before)], [f"t{number}" for number in range(behind)]
    old, new = "\n".join([*head, "old", *tail]), "\n".join([*head, "new", "newer", *tail])
    diff = diff_texts(old, new, "a", "b")
    assert diff is not None
    assert diff.count("\n") <= 3 + 3 + 3 + 3 + 2
    assert patched(old, diff) == new


def test_texts_with_too_many_different_lines_are_not_compared() -> None:
    """The worst that difflib can be given takes minutes at twenty thousand lines."""
    worst = ["\n".join(str(sign * number % 110) for number in range(MAX_LINES)) for sign in (1, -1)]
    assert diff_texts(*worst, "a", "b") is not None
    worst = ["\n".join(str(sign * number % 110) for number in range(2 * MAX_LINES)) for sign in (1, -1)]
    assert diff_texts(*worst, "a", "b") is None
