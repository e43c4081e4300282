"""Every code's page: `flowc explain CODE` prints it, and docs/checks/ is made of them.

A check brings its own example. What the parser and the resolver report in many places is shown in `text` (FC0xx),
`names` (FC1xx) and `meaning` (FC2xx and up). What a page says is printed about an example is what is printed: the
example is checked when the page is made.
"""

from flowc.explain.catalogue import codes, example, find
from flowc.explain.pages import index, page

__all__ = ["codes", "example", "find", "index", "page"]
