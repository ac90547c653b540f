"""What notebooks show of results."""
from __future__ import annotations

from html import escape
from typing import Any, Dict, Iterable, List, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table in HTML; every text is escaped."""
    def line(cells: Sequence[Any], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{escape(str(c))}</{tag}>" for c in cells) + "</tr>"

    return f"<table>{line(head, 'th')}{''.join(line(row, 'td') for row in rows)}</table>"


class Report(Dict[str, Any]):
    """What the steps of a plan say of themselves: a dictionary, which notebooks show as tables."""

    def _repr_html_(self) -> str:
        parts: List[str] = []
        plain = {name: value for name, value in self.items() if not isinstance(value, (dict, list))}
        if plain:
            parts.append(table(["", ""], plain.items()))
        for name, value in self.items():
            if isinstance(value, dict):
                parts.append(f"<b>{escape(name)}</b>" + table(["", ""], value.items()))
            elif isinstance(value, list):
                for place, member in enumerate(value):
                    title = escape(name) if len(value) == 1 else f"{escape(name)} {place + 1}"
                    rows = member.items() if isinstance(member, dict) else [("", member)]
                    parts.append(f"<b>{title}</b>" + table(["", ""], rows))
        return "".join(parts)


def model(values: Dict[str, Any]) -> str:
    """A CRF: a line for each term."""
    def words(given: Any) -> str:
        if not isinstance(given, dict):
            return str(given)
        return ", ".join(f"{k}={v}" for k, v in given.items() if k != "kind")

    rows = [
        (term["kernel"]["kind"], words(term["kernel"]), term["compatibility"]["kind"],
         words(term["compatibility"]), term.get("normalization", ""), term.get("self", ""))
        for term in values["terms"]
    ]
    said = [values.get("name") or "CRF", f"{values['iterations']} updates",
            f"{values['filter']['kind']} filter"]
    head = ["kernel", "", "compatibility", "", "normalization", "self term"]
    return f"<b>{escape(', '.join(said))}</b>" + table(head, rows)


def plan(steps: Sequence[Dict[str, Any]]) -> str:
    """The steps, one below the other."""
    parts = []
    for step in steps:
        if isinstance(step.get("model"), dict):
            shown = model(step["model"])
        else:
            settings = [(k, v) for k, v in step.items() if k != "kind"]
            shown = f"<b>{escape(str(step['kind']))}</b>" + table(["setting", "value"], settings)
        parts.append(f"<li>{shown}</li>")
    return f"<ol>{''.join(parts)}</ol>"
