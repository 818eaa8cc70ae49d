"""Which scanners look at a message: by its door, its direction and its client."""

from attrs import frozen


@frozen
class Choice:
    """
    Hashable: a verdict that was made by one choice does not answer another.

    @ivar left_out: the name of each scanner that does not look, and why.
    """

    left_out: tuple[tuple[str, str], ...] = ()

    def why_not(self, name: str) -> str:
        """Empty for a scanner that looks."""
        return next((why for other, why in self.left_out if other == name), "")


EVERYBODY = Choice()
