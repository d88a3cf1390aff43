"""The one error that a user can cause and repair: it says the rule, what came, and the next step."""


class InputError(ValueError):
    """Bad input at a door. The message is one line: the rule, what came, what to do next."""
