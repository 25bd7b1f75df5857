"""Text that spreadsheets open: CSV in UTF-8 in which nothing is run."""

BOM = b"\xef\xbb\xbf"  # without it some spreadsheets take UTF-8 for something else
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")  # what a cell begins with that a spreadsheet would run (OWASP, CSV injection)


def harmless(cell: str) -> str:
    """The cell as text, whatever a spreadsheet would make of it."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
