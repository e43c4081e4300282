"""What a text is reported with, by code."""

from flowc.api import check_files


def reported(text: str, *numbers: str) -> list[str]:
    """The numbers of the findings that are among these, one for each finding, in the order of the file."""
    found = check_files(["example.flow"], read=lambda _: text.encode()).diagnostics
    assert not found.has_errors, [str(one.message) for one in found]
    return [one.code.number for one in found if one.code.number in numbers]
