import pytest

from parley.cli.lifetime import check_scopes, check_subject, parse_lifetime
from parley.errors import InvalidOption


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90.0), ("30m", 1800.0), ("24h", 86400.0), ("90d", 7776000.0), ("never", None)],
)
def test_a_lifetime_is_a_number_and_a_unit(text: str, seconds: float | None) -> None:
    assert parse_lifetime(text) == seconds


@pytest.mark.parametrize("text", ["", "24", "h", "-1h", "0d", "1.5h", "1w", "999999999d", "24h ", "٣h"])
def test_other_lifetimes_are_refused(text: str) -> None:
    with pytest.raises(InvalidOption, match="--expires wants a time such as"):
        parse_lifetime(text)


def test_scopes_and_subjects_are_checked() -> None:
    assert check_scopes(["admin"]) == ("admin",)
    assert check_scopes(None) == ()
    with pytest.raises(InvalidOption, match="There is no scope 'amdin'"):
        check_scopes(["amdin"])
    assert check_subject("安娜", "--subject") == "安娜"
    for bad in ("", "  ", "a\nb", "x" * 201):
        with pytest.raises(InvalidOption, match="--subject wants a name"):
            check_subject(bad, "--subject")
