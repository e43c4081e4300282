"""What a file is reported with, as far as one check is concerned."""

from pathlib import Path

from flowc.api import check_files


def places(text: str, code: str, folder: Path) -> list[str]:
    """The underlined texts of the findings with this name, in their order."""
    file = folder / "example.flow"
    file.write_text(text, encoding="utf-8")
    found = check_files([file]).diagnostics
    assert not found.has_errors, [one.message for one in found]  # after an error, no check looks at the file
    return [one.primary.span.text for one in found if one.code.name == code]
