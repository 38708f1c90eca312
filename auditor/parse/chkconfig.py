"""Reads what chkconfig lists."""

from __future__ import annotations

from auditor.model.facts import Document, Reading, ServiceLevels
from auditor.parse.draft import Draft
from auditor.parse.grammar import Line, read_lines
from auditor.parse.rows import heading

_ON = frozenset(
    {"on", "启用", "开", "开启", "開啟", "啟用", "オン", "ein", "an", "marche", "activé", "activo", "attivo"}
    | {"sim", "ligado", "på", "til", "вкл", "włączone", "zap", "활성", "설정"}
)
_OFF = frozenset(
    {"off", "关闭", "关", "停用", "關閉", "オフ", "aus", "arrêt", "désactivé", "desactivado", "disattivato"}
    | {"não", "desligado", "av", "fra", "выкл", "wyłączone", "vyp", "비활성", "해제"}
)
"""Of the languages that chkconfig speaks; a word of none of them could mean either."""


def read_chkconfig(document: Document) -> Reading[tuple[ServiceLevels, ...]]:
    """Every service of the list; a line with a word that means neither on nor off is Unparsed."""
    draft = Draft("chkconfig", document)
    services: list[ServiceLevels] = []
    for line in read_lines("chkconfig", document):
        service = _service(line) if line.tag in {"SERVICE", "XINETD"} else None
        if service is not None:
            services.append(service)
            draft.facts.append(service)
        elif line.tag == "XINETD_TITLE":
            draft.facts.append(heading(line))
        elif line.tag != "BLANK":
            draft.leave(line)
    return draft.finish(tuple(services))


def _service(line: Line) -> ServiceLevels | None:
    words = [line["word"]] if line.tag == "XINETD" else [line[f"l{level}"] for level in range(7)]
    states = [word.lower() for word in words]
    if not all(state in _ON | _OFF for state in states):
        return None
    on = "".join(str(level) for level, state in enumerate(states) if state in _ON)
    xinetd = line.tag == "XINETD"
    return ServiceLevels(
        service=line["service"],
        levels=None if xinetd else on,
        on=bool(on),
        at=line.at("service"),
    )
