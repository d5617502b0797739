"""Names of an export's members, and the paths that S3 and Quilt can hold for them."""

from __future__ import annotations

import hashlib
import re
import zipfile

# S3's limit for a key is 1,024 bytes of UTF-8. A package's name takes 201 at most
# (packages.NAME, twice), and what a file is put below that meets another takes the rest.
MAX_PATH_BYTES = 800
MAX_SHOWN = 200
# A longer extension is none.
MAX_EXTENSION_BYTES = 32
HASH_DIGITS = 16
UTF8_FLAG = 0x800
# C0, DEL, C1, surrogates and the two noncharacters: XML, in which S3 lists keys,
# holds few of them, and no file system's user can distinguish them.
UNSTORABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
SEPARATOR = re.compile(r"[/\\]")
DRIVE = re.compile(r"[A-Za-z]:[/\\]")


def name_of(entry: zipfile.ZipInfo) -> str:
    """Return a member's name as its writer meant it.

    zipfile cuts ``filename`` at its first NUL; ``orig_filename`` is whole. Without
    the UTF-8 flag a name is code page 437 by the ZIP specification (APPNOTE.TXT,
    D.1), but macOS writes UTF-8 without the flag: what is valid UTF-8 is read as it.
    """
    name = entry.orig_filename
    if entry.flag_bits & UTF8_FLAG:
        return name
    try:
        return name.encode("cp437").decode()
    except UnicodeError:
        return name


def fault_of(name: str) -> str:
    """Return why a name can't be stored, or nothing if it can."""
    if ".." in SEPARATOR.split(name):
        return "leads out of the package"
    if name.startswith(("/", "\\\\")) or DRIVE.match(name):
        return "is an absolute path"
    if not path_of(name):
        return "has an empty name"
    return ""


def path_of(name: str) -> str:
    """Return the path at which a name is stored: the name itself wherever possible.

    Quilt refuses empty components and ``.`` (``validate_key`` in
    api/python/quilt3/util.py), so they are dropped. Characters that can't be
    stored become percent-encoded UTF-8. A path that is too long is cut, and keeps
    its extension.
    """
    path = "/".join(part for part in name.split("/") if part not in ("", "."))
    return _bounded(UNSTORABLE.sub(_percent_encoded, path))


def numbered(path: str, number: int) -> str:
    """Return a path with a number before its extension: ``a (2).txt``."""
    stem, extension = _split(path)
    return _bounded(f"{stem} ({number}){extension}")


def shown(name: str) -> str:
    """Return a name that can be shown: one short line."""
    name = UNSTORABLE.sub(_percent_encoded, name)
    return name if len(name) <= MAX_SHOWN else f"{name[: MAX_SHOWN - 1]}…"


def _percent_encoded(found: re.Match[str]) -> str:
    return "".join(f"%{byte:02X}" for byte in found[0].encode("utf-8", "surrogatepass"))


def _bounded(path: str) -> str:
    encoded = path.encode()
    if len(encoded) <= MAX_PATH_BYTES:
        return path
    extension = _split(path)[1]
    if len(extension.encode()) > MAX_EXTENSION_BYTES:
        extension = ""
    ending = f"~{hashlib.sha256(encoded).hexdigest()[:HASH_DIGITS]}{extension}"
    room = MAX_PATH_BYTES - len(ending.encode())
    return encoded[:room].decode("utf-8", "ignore") + ending


def _split(path: str) -> tuple[str, str]:
    """Return a path without its extension, and the extension with its dot."""
    directory, slash, last = path.rpartition("/")
    stem, dot, extension = last.rpartition(".")
    if not stem:
        return path, ""
    return f"{directory}{slash}{stem}", f"{dot}{extension}"
