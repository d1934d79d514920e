"""The findings' ids, severities and documentation, one row each."""

from __future__ import annotations

from dataclasses import dataclass

from plerion_kms.audit.report import Finding, Fix, Severity

DOCS = "https://github.com/plerion/plerion_kms"


@dataclass(frozen=True, slots=True)
class Rule:
    """A kind of finding. docs: where the repository explains it."""

    id: str
    severity: Severity
    title: str
    docs: str

    def finding(self, subject: str, sentence: str, fix: Fix) -> Finding:
        """A finding of this kind about the subject (an ARN or an account id)."""
        return Finding(self.id, self.severity, subject, sentence, fix, f"{DOCS}/blob/main/{self.docs}")


AUDIT = "README.md#which-of-your-keys-need-what"
STEP_3 = "README.md#from-zero-to-a-scanned-key"
GUIDE_GAPS = "README.md#what-the-guides-text-leaves-open"

MISSING_PERMISSION = Rule("PLERION_KMS_01", Severity.HIGH, "PlerionAccessRole can't read the key's metadata", STEP_3)
NOT_DELEGATING = Rule("PLERION_KMS_02", Severity.HIGH, "The key policy gives the appliance nothing", STEP_3)
PARTLY = Rule("PLERION_KMS_03", Severity.MEDIUM, "The appliance may use the key only in part", STEP_3)
EBS = Rule("PLERION_KMS_04", Severity.MEDIUM, "EBS volumes can't be created or attached", GUIDE_GAPS)
TAG_WITHOUT_EFFECT = Rule("PLERION_KMS_05", Severity.HIGH, "The tag PlerionAccess has no effect", GUIDE_GAPS)
WRONG_FORM = Rule("PLERION_KMS_06", Severity.MEDIUM, "The Plerion statements have the other form", STEP_3)
OLD_VERSION = Rule("PLERION_KMS_07", Severity.MEDIUM, "The Plerion statements need Version 2012-10-17", GUIDE_GAPS)
TWO_MODES = Rule("PLERION_KMS_08", Severity.HIGH, "The appliance role has two modes", STEP_3)
POSING = Rule("PLERION_KMS_09", Severity.MEDIUM, "Another role can pass for the appliance", GUIDE_GAPS)
LIVE_GRANTS = Rule("PLERION_KMS_10", Severity.HIGH, "Grants outlive the tag Denied", GUIDE_GAPS)
NO_EXTERNAL_ID = Rule("PLERION_KMS_11", Severity.HIGH, "Plerion's account is trusted without external id", STEP_3)
TAG_VALUE = Rule("PLERION_KMS_12", Severity.LOW, "The tag PlerionAccess has a value that no mode knows", STEP_3)
ROLE_TAG = Rule("PLERION_KMS_13", Severity.HIGH, "A Plerion role lacks its tag", STEP_3)
ROLE_REFUSED = Rule("PLERION_KMS_14", Severity.HIGH, "The appliance is refused by another policy", STEP_3)
LIVE_DIFFERS = Rule("PLERION_KMS_15", Severity.HIGH, "AWS answers otherwise than the audit decided", AUDIT)
UNEXPECTED = Rule("PLERION_KMS_16", Severity.HIGH, "The answer is not the expected one", AUDIT)
UNDECIDED = Rule("PLERION_KMS_17", Severity.LOW, "The audit can't read a part of a policy", AUDIT)
OWNED = Rule("PLERION_KMS_18", Severity.INFO, "Other code owns the key's policy", STEP_3)

RULES = tuple(value for value in list(globals().values()) if isinstance(value, Rule))
