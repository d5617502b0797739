"""Where a package can be looked at, added to and fetched: the URLs of Quilt's catalog."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import quote

from ..queues.package_name import PackageName
from .blocks import code

# Browsers and proxies take URLs of this length.
MAX_URL = 2000


@dataclass(frozen=True)
class Catalog:
    """Where packages can be looked at; ``host`` may be empty.

    ``bucket`` is the package bucket, and empty where there is none; ``linked_buckets``
    are the others whose packages are shown. ``connected`` says whether a Quilt stack
    makes packages of what is handed over.

    Source of the URLs: the routes of Quilt's catalog, bucketPackageTree,
    bucketPackageDetail, bucketSearch and redir; of the URIs and of what is searched:
    "Quilt+ URIs" and "Search" in Quilt's documentation.
    """

    bucket: str
    host: str = ""
    connected: bool = True
    linked_buckets: tuple[str, ...] = ()

    def bucket_of(self, package: PackageName) -> str:
        """Return the bucket of a package, or nothing where it isn't one of these."""
        if not package.bucket:
            return self.bucket
        return package.bucket if package.bucket in self.linked_buckets else ""

    def of(self, package: PackageName) -> Catalog:
        """Return the catalog of the bucket that a package is in."""
        return replace(self, bucket=self.bucket_of(package))

    def package(self, name: str, top_hash: str, display_id: str) -> str:
        """Return a package for Markdown: links where there is a catalog.

        They lead to the revision, to the dialog that adds files to the package (a
        catalog without that dialog's URL shows the package), to QuiltSync, and to what
        the catalog finds in the bucket for the entry's display ID: among it the packages
        of which people have written it into the metadata.
        """
        if not self.host:
            return f"`s3://{self.bucket}/{name}/`"
        revise = f"{self._packages()}/{quote(name)}?action=revisePackage"
        return " · ".join(
            (
                f"[{name}]({self._url(name, top_hash)})",
                f"[Revise package]({revise})",
                f"[Open in QuiltSync]({self._sync_url(name)})",
                f"[Search for {display_id}]({self._search_url(display_id)})",
            )
        )

    def file(self, name: str, top_hash: str, path: str, size: int) -> str:
        """Return a file of a package for Markdown: links where there is a catalog."""
        described = f"({size:,} bytes)"
        if not self.host:
            return f"{code(path)} {described}"
        shown = f"[{code(path)}]({self._url(name, top_hash)}/{quote(path)}) {described}"
        sync_url = self._sync_url(name, path)
        return f"{shown} · [sync]({sync_url})" if len(sync_url) <= MAX_URL else shown

    def linked(self, package: PackageName, top_hash: str = "") -> str:
        """Return another package for Markdown: a link to a revision, the latest by default."""
        if not self.host:
            return code(package.label)
        return f"[{package.label}]({self.of(package)._url(package.name, top_hash)})"

    def _packages(self) -> str:
        return f"https://{self.host}/b/{self.bucket}/packages"

    def _url(self, name: str, top_hash: str) -> str:
        return f"{self._packages()}/{quote(name)}/tree/{top_hash or 'latest'}"

    def _search_url(self, display_id: str) -> str:
        phrase = quote(f'"{display_id}"', safe="")
        return f"https://{self.host}/b/{self.bucket}/search?q={phrase}"

    def _sync_url(self, name: str, path: str = "") -> str:
        """Return what opens the package's latest revision, or a file of it, in QuiltSync.

        The catalog's page redirects to the Quilt+ URI, which Benchling's Markdown
        would not take as a link.
        """
        file = f"&path={quote(path, safe='')}" if path else ""
        uri = f"quilt+s3://{self.bucket}#package={name}:latest{file}&catalog={self.host}"
        return f"https://{self.host}/redir/{quote(uri, safe='')}"
