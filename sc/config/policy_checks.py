"""What the policy's own settings cannot see alone: other parts, and each other."""

import yaml

from sc.config.structure import Structurer, child
from sc.scan.profiles import under
from sc.scan.settings import PolicySettings
from sc.scanners.registry import ScannersSettings


def check_policy(
    structurer: Structurer,
    node: yaml.Node | None,
    settings: PolicySettings,
    scanners: ScannersSettings,
) -> None:
    """
    @param node: `policy`, as it stands in the file.
    """
    if node is None:
        return
    _check_scanners(structurer, node, settings, scanners)
    _check_rules(structurer, node, settings)


def _check_scanners(
    structurer: Structurer,
    node: yaml.Node,
    settings: PolicySettings,
    scanners: ScannersSettings,
) -> None:
    actions = child(node, "scanner_actions")
    for name in settings.scanner_actions.keys() - scanners.by_name.keys():
        place = child(actions, name) or node
        structurer.note(f"policy.scanner_actions.{name}", place, "is no scanner")


def _check_rules(
    structurer: Structurer, node: yaml.Node, settings: PolicySettings
) -> None:
    """Thresholds that differ must fit those that stay, in both directions."""
    rules = child(node, "rules")
    nodes = rules.value if isinstance(rules, yaml.SequenceNode) else [rules]
    for index, rule in enumerate(settings.rules):
        try:
            under(rule, settings)
        except ValueError as e:
            place = child(nodes[index], "thresholds") or node
            path = f"policy.rules[{index}].thresholds"
            structurer.note(path, place, f"{e}, which another threshold sets")
