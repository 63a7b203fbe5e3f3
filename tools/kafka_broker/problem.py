"""What went wrong, in words for the person at the terminal."""


class Problem(Exception):
    pass


def tail(path, lines=30):
    """The end of a log, indented, or a word on its absence."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            text = file.read().splitlines()[-lines:]
    except OSError:
        text = []
    return "\n".join("    " + line for line in text) or "    (nothing was written)"
