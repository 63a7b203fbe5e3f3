"""The source tree as the checks see it: its files, their text without comments, and what they include."""

import hashlib
import os
import re

CODE_FOLDERS = ("core", "state", "operators", "io", "sql", "api", "bench", "tests", "tools", "examples")
PUBLIC_FOLDERS = ("core", "state", "operators", "io", "sql", "api")
SKIPPED_FOLDERS = {".git", "build", "__pycache__", ".cache"}

_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+([<"])([^>"]+)[>"]', re.MULTILINE)
_TOKEN = re.compile(
    r'//[^\n]*|/\*.*?\*/'
    r'|R"(?P<tag>[^\s()\\]{0,16})\(.*?\)(?P=tag)"'
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'",
    re.DOTALL,
)


class SourceTree:
    def __init__(self, root):
        self.root = os.path.realpath(root)
        self._text = {}
        self.files = sorted(self._walk())
        self._known = set(self.files)

    def _walk(self):
        for folder, folders, names in os.walk(self.root):
            folders[:] = [f for f in folders if f not in SKIPPED_FOLDERS]
            for name in names:
                path = os.path.relpath(os.path.join(folder, name), self.root)
                if not os.path.islink(os.path.join(folder, name)):
                    yield path

    def code(self, *suffixes):
        wanted = suffixes or (".h", ".cc")
        return [f for f in self.files if f.endswith(wanted) and f.split(os.sep)[0] in CODE_FOLDERS]

    def text(self, path):
        if path not in self._text:
            with open(os.path.join(self.root, path), encoding="utf-8", errors="replace") as file:
                self._text[path] = file.read()
        return self._text[path]

    def includes(self, path):
        """(line, '<' or '"', name) of each include."""
        text = self.text(path)
        return [(text.count("\n", 0, m.start()) + 1, m[1], m[2]) for m in _INCLUDE.finditer(text)]

    def own_includes(self, path):
        """Files of this tree that `path` includes directly."""
        names = (name for _, _, name in self.includes(path) if name.startswith("penstock/"))
        return [n.removeprefix("penstock/") for n in names if n.removeprefix("penstock/") in self._known]

    def closure(self, path):
        """`path` and every file of this tree that it includes, directly or not."""
        seen, open_files = set(), [path]
        while open_files:
            current = open_files.pop()
            if current not in seen:
                seen.add(current)
                open_files.extend(self.own_includes(current))
        return seen

    def digest(self, path, *more):
        """Changes when a compiler could see anything different in `path`."""
        digest = hashlib.sha256("\0".join(more).encode())
        for member in sorted(self.closure(path)):
            digest.update(f"\0{member}\0{self.text(member)}".encode())
        return digest.hexdigest()


def without_comments(text, keep_strings=False):
    """The text with blanks for comments and, unless asked otherwise, for strings; lines keep their numbers."""

    def blank(match):
        token = match[0]
        if keep_strings and token[0] in "\"'R":
            return token
        return re.sub(r"[^\n]", " ", token)

    return _TOKEN.sub(blank, text)
