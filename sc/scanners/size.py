"""Messages that a scanner leaves alone, because they are too large for it."""

from sc.model.octets import Octets
from sc.model.verdict import Symbol
from sc.scanners.interface import NotScannedError
from sc.scanners.naming import symbol_prefix


def must_fit(content: Octets, most: int, scanner: str) -> None:
    """
    @param most: octets.
    @raise NotScannedError: there are more; a symbol of the scanner's says so.
    """
    if len(content) > most:
        name = f"{symbol_prefix(scanner)}_TOO_LARGE"
        symbol = Symbol(name, description="not scanned")
        raise NotScannedError(f"larger than {most} octets", symbol)
