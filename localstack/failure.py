"""What can go wrong on this machine, told to the person who runs the stack."""


class Failure(Exception):
    """Ends the command with its text, which says what is wrong and what to do."""
