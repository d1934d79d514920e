"""LocalStack's conveniences that AWS does not have, switched off. The tests' README lists all of them."""

from __future__ import annotations

from localstack.services.iam import utils as iam_utils
from localstack.services.kms import utils as kms_utils

from emulator.offered import services


def switch_off() -> None:
    """To be called before the first request."""
    # Tags by which a client chooses the id of a key, role, user or policy, and the material of a key: no tag is None.
    kms_utils.TAG_KEY_CUSTOM_ID = kms_utils.TAG_KEY_CUSTOM_KEY_MATERIAL = iam_utils.TAG_KEY_CUSTOM_ID = None
    if "cloudformation" in services():
        _switch_off_in_stacks()


def _switch_off_in_stacks() -> None:
    # Imported here, since what reads templates takes a fifth of the emulator's start.
    from localstack.services.cloudformation.engine.v2 import change_set_model_preproc

    from emulator.cloudformation.resources import make_only_what_is_offered

    # Texts in templates that look like addresses of API Gateway, replaced by addresses of LocalStack's.
    change_set_model_preproc.ChangeSetModelPreproc._perform_static_replacements = staticmethod(lambda value: value)
    make_only_what_is_offered()
