"""The messages between Terraform and a provider that the relay looks into, and the types that they are cut to.

Source: "Terraform Plugin Protocol", version 5, messages GetProviderSchema and Configure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set
from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2, message_factory, text_format

from harness.terraform.hcl import Block, read_file

KINDS = ("resource", "data", "mock_resource", "mock_data")

# The fields that are read here; a message keeps the rest of its fields as they came.
MESSAGES = message_factory.GetMessages(
    [
        text_format.Parse(
            """
            name: "read.proto"
            syntax: "proto3"
            message_type {
              name: "Schema"
              field { name: "resources" number: 2 type: TYPE_MESSAGE type_name: "Type" label: LABEL_REPEATED }
              field { name: "data_sources" number: 3 type: TYPE_MESSAGE type_name: "Type" label: LABEL_REPEATED }
            }
            message_type {
              name: "Type"
              field { name: "name" number: 1 type: TYPE_STRING label: LABEL_OPTIONAL }
            }
            message_type {
              name: "Configure"
              field { name: "values" number: 2 type: TYPE_BYTES label: LABEL_OPTIONAL }
            }
            """,
            descriptor_pb2.FileDescriptorProto(),
        )
    ]
)


def named_types(folder: Path) -> frozenset[str]:
    """The types of AWS's resources and data sources that Terraform's files in `folder` or below it name.

    Raises HarnessError for a file that does not parse.
    """
    files = [file for pattern in ("*.tf", "*.tftest.hcl") for file in folder.rglob(pattern)]
    return frozenset(name for file in files for name in _named(read_file(file)))


def _named(blocks: Iterable[Block]) -> Iterator[str]:
    for block in blocks:
        if block.heading[0] in KINDS and block.heading[1].startswith("aws_"):
            yield block.heading[1]
        yield from _named(block.blocks)


def cut_schema(answer: bytes, types: Set[str]) -> bytes:
    """An answer to GetSchema without the resources and data sources whose types are not in `types`."""
    message: Any = MESSAGES["Schema"].FromString(answer)
    for known in (message.resources, message.data_sources):
        used = [each for each in known if each.name in types]
        del known[:]
        known.extend(used)
    cut: bytes = message.SerializeToString()
    return cut


def configured_values(request: bytes) -> bytes:
    """The values in a request to Configure, without what Terraform says about itself."""
    message: Any = MESSAGES["Configure"].FromString(request)
    values: bytes = message.values
    return values
