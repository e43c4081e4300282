"""A file is made smaller as far as it still shows what it is made smaller for."""

import time

from tests.agreement.shrink import smaller, statements


def test_statements_are_taken_as_a_whole() -> None:
    text = "vrf a { table 1 }\n\nzone b {\n    interface c\n}\npolicy b -> b {\n    accept\n}\n"
    assert statements(text) == [
        "vrf a { table 1 }",
        "zone b {\n    interface c\n}",
        "policy b -> b {\n    accept\n}",
    ]


def test_only_what_is_needed_is_left() -> None:
    needed = {"3", "11"}
    parts = [str(number) for number in range(20)]
    assert smaller(parts, lambda kept: needed <= {*kept}, time.monotonic() + 60) == ["3", "11"]


def test_no_more_time_leaves_the_file_as_it_is() -> None:
    assert smaller(["a", "b"], lambda _: True, time.monotonic() - 1) == ["a", "b"]
