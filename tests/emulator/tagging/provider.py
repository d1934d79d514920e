"""The Resource Groups Tagging API over the tags of KMS keys, which LocalStack's leaves out.

Source: Resource Groups Tagging API reference, GetResources: keys that are or were tagged, the values of a filter as
alternatives, the filters together; TagFilters and ResourceTypeFilters do not go with ResourceARNList.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from localstack.aws.api import CommonServiceException, RequestContext
from localstack.aws.api.resourcegroupstaggingapi import ResourcegroupstaggingapiApi
from localstack.utils.collections import PaginatedList

from emulator.kms import keys

PAGE = 100


class KeyTaggingProvider(ResourcegroupstaggingapiApi):
    """Answers GetResources; nothing else of the API is offered."""

    def get_resources(self, context: RequestContext, **members: Any) -> Any:
        listed, kinds = members.get("resource_arn_list"), members.get("resource_type_filters")
        filters = members.get("tag_filters") or ()
        if listed and (kinds or filters):
            text = "ResourceARNList cannot be used together with TagFilters or ResourceTypeFilters."
            raise CommonServiceException("InvalidParameterException", text, sender_fault=True)
        found = [
            {"ResourceARN": arn, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}
            for arn, tags in _tagged_keys(context)
            if (not listed or arn in listed) and (not kinds or {"kms", "kms:key"} & set(kinds)) and _fits(tags, filters)
        ]
        page, following = PaginatedList(found).get_page(
            lambda resource: resource["ResourceARN"],
            next_token=members.get("pagination_token") or None,
            page_size=members.get("resources_per_page") or PAGE,
        )
        return {"ResourceTagMappingList": page, "PaginationToken": following or ""}


def _tagged_keys(context: RequestContext) -> Iterator[tuple[str, Mapping[str, str]]]:
    store = keys.store(context.account_id, context.region)
    for key in list(store.keys.values()):
        tags = store.tags.get_tags(key.metadata["Arn"])
        if tags:
            yield key.metadata["Arn"], tags


def _fits(tags: Mapping[str, str], filters: Sequence[Mapping[str, Any]]) -> bool:
    return all(
        each["Key"] in tags and (not each.get("Values") or tags[each["Key"]] in each["Values"]) for each in filters
    )
