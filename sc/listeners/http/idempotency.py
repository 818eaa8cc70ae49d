"""`Idempotency-Key`: a client's own name for a request that it may have to repeat."""

import re

from sc.listeners.http import message as body
from sc.listeners.http.errors import HttpError
from sc.listeners.http.request import HttpRequest

FIELD = "Idempotency-Key"

# A structured string (RFC 8941 3.3.3) without escapes; many send it without quotes.
_KEY = re.compile(r'"([!#-\[\]-~ ]{1,255})"|([!#-\[\]-~]{1,255})')


def key_of(request: HttpRequest) -> str:
    """
    "" if it is not given.

    @raise HttpError: 400, no key, or more than one.
    """
    values = body.values_of(request, FIELD)
    if not values:
        return ""
    match = _KEY.fullmatch(values[0])
    if match is None or len(values) > 1:
        text = "give it once: 1 to 255 printable ASCII characters, no quotes within"
        raise HttpError(400, f"{FIELD}: {text}")
    return match[1] or match[2]
