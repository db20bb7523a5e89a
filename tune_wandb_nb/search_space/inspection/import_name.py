import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["CodeName", "code_name"]


@dataclass(frozen=True, slots=True)
class CodeName:
    name: str
    imported: str | None = None
    comment: str | None = None


def code_name(trainable: Any, namespace: Mapping[str, Any]) -> CodeName:
    if trainable is None:
        return CodeName("train", comment="train: your training function")
    names = [n for n, value in dict(namespace).items() if value is trainable]
    public = [name for name in names if not name.startswith("_")]
    if public:
        return CodeName(public[0])
    module, name = getattr(trainable, "__module__", None), getattr(trainable, "__name__", "")
    if module != "__main__" and getattr(sys.modules.get(str(module)), name, None) is trainable:
        return CodeName(name, imported=f"from {module} import {name}")
    return CodeName("trainable", comment="trainable: what was given to SetupPanel")
