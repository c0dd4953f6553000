"""S3's ranged GETs of an object version: MiniStack honours `Range` for current objects only."""

from __future__ import annotations

from typing import Any

from decant.local.seams.seam import Relied, Seam

_S3 = "ministack.services.s3"


def _install_version_ranges() -> None:
    """Cut the answer for `?versionId=` as MiniStack cuts that for the current object."""
    from ministack.services import s3

    get_object = s3._get_object

    def get_range(
        bucket_name: str, key: str, headers: dict[str, str], query_params: Any = None
    ) -> Any:
        status, answer_headers, body = get_object(bucket_name, key, headers, query_params)
        wanted = headers.get("range", "")
        if status != 200 or not wanted:
            return status, answer_headers, body
        size = len(body)
        found = s3._parse_range(wanted, size)
        if found is None:
            problem = s3._xml_body(s3._range_error_xml(bucket_name, key))
            return (
                416,
                {"Content-Type": "application/xml", "Content-Range": f"bytes */{size}"},
                problem,
            )
        start, end = found
        part = body[start : end + 1]
        # Checksums are of the whole object, which a part is not.
        kept = {
            name: value
            for name, value in answer_headers.items()
            if not name.lower().startswith("x-amz-checksum")
        }
        kept["Content-Range"] = f"bytes {start}-{end}/{size}"
        kept["Content-Length"] = str(len(part))
        return 206, kept, part

    s3._get_object = get_range


SEAMS = (
    Seam(
        "ranges of object versions",
        "answer a ranged GET of one version of an object",
        (
            Relied(_S3, "_get_object", "bucket_name, key, headers, query_params"),
            Relied(_S3, "_parse_range", "range_header, total"),
            Relied(_S3, "_range_error_xml", "bucket_name, key"),
            Relied(_S3, "_xml_body", "root"),
        ),
        _install_version_ranges,
    ),
)
