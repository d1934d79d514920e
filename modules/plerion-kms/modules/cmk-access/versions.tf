terraform {
  required_version = ">= 1.6"

  required_providers {
    # States the range that the called modules hold to; callers read it here.
    # tflint-ignore: terraform_unused_required_providers
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.31, < 7.0"
    }
  }
}
