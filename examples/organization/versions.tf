terraform {
  required_version = ">= 1.6"

  required_providers {
    aws = {
      source = "hashicorp/aws"
      # deployment_targets takes accounts since the middle of 2024.
      version = ">= 5.60, < 7.0"
    }
  }
}
