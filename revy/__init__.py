from revy.context import Context
from revy.errors import RevyError

__all__ = ["Context", "RevyError"]
