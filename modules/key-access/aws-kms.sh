#!/bin/sh
# One step on one key with the AWS CLI: sh aws-kms.sh STEP. Policies and ARNs come through the environment, so that
# nothing of them is read as shell.
#
#   try-restore  put the given policy, before Terraform's provider puts AWS's default policy
#   restore      put the given policy, after that
#   untag, tag   remove the tag PlerionAccess, or set it to TAG_VALUE
#
# KEY_ARN, KEY_REGION, CLI_PROFILE (may be empty); to restore KEY_POLICY, and RESTORE and BYPASS, which are yes or no.
set -eu

fail() {
  echo "$1" >&2
  exit 1
}

kms() {
  command -v aws >/dev/null || {
    echo "The AWS CLI is not on PATH: install it." >&2
    return 1
  }
  operation=$1
  shift
  aws kms "$operation" ${CLI_PROFILE:+--profile "$CLI_PROFILE"} --region "$KEY_REGION" --key-id "$KEY_ARN" "$@"
}

# A key that was deleted needs neither its policy nor its tags.
unless_deleted() {
  words=$(kms "$@" 2>&1) || case $words in
    *"(NotFoundException)"*) echo "$KEY_ARN no longer exists." ;;
    *) echo "$words" >&2 && return 1 ;;
  esac
}

put_given_policy() {
  [ "$RESTORE" = yes ] || exit 0
  set -- --policy-name default --policy "$KEY_POLICY"
  [ "$BYPASS" = no ] || set -- "$@" --bypass-policy-lockout-safety-check
  unless_deleted put-key-policy "$@"
}

case $1 in
  try-restore)
    put_given_policy || fail "The AWS CLI could not put the given policy on $KEY_ARN. So nothing was opened: the key keeps \
the policy that it has. If the CLI or its credentials are at fault, correct them and repeat the command. If the policy is \
(it may name a principal that was deleted), correct policy_json, apply, and then repeat it."
    ;;
  restore)
    put_given_policy || fail "$KEY_ARN IS OPEN to its whole account: it has AWS's default policy, and the AWS CLI could not \
put the given policy back. Correct the CLI or its credentials and repeat the command, or put the policy of the file with: \
aws kms put-key-policy --region $KEY_REGION --key-id $KEY_ARN --policy-name default --policy file://FILE"
    ;;
  untag)
    unless_deleted untag-resource --tag-keys PlerionAccess || fail "The tag of $KEY_ARN was not removed: apply again."
    ;;
  tag)
    kms tag-resource --tags "TagKey=PlerionAccess,TagValue=$TAG_VALUE" || fail "$KEY_ARN was not tagged: apply again."
    ;;
esac
