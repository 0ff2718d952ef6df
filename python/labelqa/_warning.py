"""The category of all of labelqa's own warnings, in a module that loads nothing."""


class LabelqaWarning(UserWarning):
    """Something about the input that the user should know; the work goes on."""
