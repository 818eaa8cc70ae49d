"""What the operator may say about the history."""

from attrs import field, frozen, validators


@frozen
class HistorySettings:
    """
    @ivar days: for which the mail log's lines are kept for `scctl explain`; 0: none
        are.
    @ivar lines: that are kept at most; the oldest go first.
    """

    days: float = field(default=7.0, validator=[validators.ge(0), validators.le(366)])
    lines: int = field(
        default=200_000, validator=[validators.ge(1000), validators.le(10_000_000)]
    )
