"""The labels of an address in zones that are asked about addresses."""

from sc.model.envelope import IPAddress


def reversed_labels(ip: IPAddress) -> str:
    """`7.100.51.198`, or the 32 nibbles of an IPv6 address."""
    return ip.reverse_pointer.removesuffix(".in-addr.arpa").removesuffix(".ip6.arpa")
