"""The name of a package that is linked to an entry, and of the bucket that it is in."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Quilt's URI of a package's latest revision.
# Source: "Quilt+ URIs" in Quilt's documentation.
SCHEME = "quilt+s3://"
URI = re.compile(re.escape(SCHEME) + r"(?P<bucket>[a-z0-9.-]+)#package=(?P<name>[^@:&]+)")


@dataclass(frozen=True)
class PackageName:
    """A package's name; its text is the name alone, or Quilt's URI with the bucket."""

    name: str
    # Empty is the package bucket.
    bucket: str = ""

    @classmethod
    def of(cls, text: str) -> PackageName:
        """Return the package of a text."""
        uri = URI.fullmatch(text)
        return cls(uri["name"], uri["bucket"]) if uri else cls(text)

    def __str__(self) -> str:
        """Return the text."""
        return f"{SCHEME}{self.bucket}#package={self.name}" if self.bucket else self.name

    @property
    def label(self) -> str:
        """Return the name for people, with the bucket where that is another."""
        return f"{self.name} ({self.bucket})" if self.bucket else self.name
