"""A reference scanner for Ketemu's doors: copy it, or rewrite it in the language of your device (README.md)."""
