class RevyError(Exception):
    """Anything that revy refuses to do; every subclass also has a builtin category."""


class InvalidActor(RevyError, TypeError):
    """An actor that is neither None nor a model instance."""


class InvalidDescription(RevyError, TypeError):
    """A description that is not text."""


class InvalidRevision(RevyError, TypeError):
    """A revision that is neither a Revision, None nor a callable."""
