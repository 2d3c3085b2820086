"""Line numbers of places in a YAML file, for messages."""

from __future__ import annotations

from collections.abc import Sequence

import yaml


class YamlLines:
    """The lines of one valid YAML text."""

    def __init__(self, text: str) -> None:
        """Read the text once."""
        # The loader in C, where there is one, is ten times as fast and marks the same lines.
        self._top = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))

    def of(self, location: Sequence[int | str]) -> int:
        """Find the line (from 1) of a place, given by keys and list positions from the top.

        Where a step is missing, it is the line of the last one found.
        """
        node, line = self._top, 1
        for step in location:
            if isinstance(node, yaml.MappingNode):
                pairs = {str(key.value): (key, value) for key, value in node.value}
                if str(step) not in pairs:
                    break
                key, node = pairs[str(step)]
                line = key.start_mark.line + 1
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int):
                if step >= len(node.value):
                    break
                node = node.value[step]
                line = node.start_mark.line + 1
            else:
                break
        return line
