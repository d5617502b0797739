"""What is refused before it reaches the app: requests that can't be read, or are too many."""

from __future__ import annotations

import json

from waitress.parser import HTTPRequestParser, ParsingError
from waitress.task import ErrorTask
from waitress.utilities import Error


class UnavailableError(Error):  # type: ignore[misc]  # waitress has no types
    """The server has more requests than it can respond to in time."""

    code = 503
    reason = "Service Unavailable"


class RefusedTask(ErrorTask):  # type: ignore[misc]  # waitress has no types
    """The response to what never reaches the app, in the app's words."""

    def execute(self) -> None:
        """Write the fault as JSON, and end the connection."""
        fault = self.request.error
        body = json.dumps(
            {"error": fault.reason.lower().replace(" ", "_"), "message": fault.body}
        ).encode()
        self.status = f"{fault.code} {fault.reason}"
        self.response_headers.append(("Content-Type", "application/json"))
        self.content_length = len(body)
        self.set_close_on_finish()
        self.write(body)


class Parser(HTTPRequestParser):  # type: ignore[misc]  # waitress has no types
    """Reads a request's head, every fault of which is the caller's.

    Of a Content-Length of more than 4,300 digits and of half an IPv6 address,
    waitress's own lets the error escape.
    """

    def parse_header(self, header_plus: bytes) -> None:
        """Read the head; raises ParsingError for what is wrong with it."""
        try:
            super().parse_header(header_plus)
        except ValueError as error:
            raise ParsingError("the address or the Content-Length is invalid") from error
