"""Reads messages with Python's email package (policy default) and says what it saw, one JSON line for each line given."""

import base64
import email
import email.policy
import json
import sys


def people(header):
    return [{"name": a.display_name, "address": a.addr_spec} for a in header.addresses]


def groups(header):
    return [
        {"name": g.display_name, "members": [{"name": a.display_name, "address": a.addr_spec} for a in g.addresses]}
        for g in header.groups
    ]


def defects_of(message):
    found = [repr(defect) for defect in message.defects]
    for name, value in message.items():
        found.extend(f"{name}: {defect!r}" for defect in value.defects)
    return found


def content_of(part):
    if part.get_content_type() == "message/rfc822":
        return part.get_payload(0).as_bytes()
    return part.get_payload(decode=True) or b""


def leaf(part):
    return {
        "type": part.get_content_type(),
        "parameters": dict(part["content-type"].params) if part["content-type"] is not None else {},
        "disposition": part.get_content_disposition(),
        "filename": part.get_filename(),
        "cid": part["content-id"],
        "encoding": part["content-transfer-encoding"],
        "base64": base64.b64encode(content_of(part)).decode("ascii"),
    }


def shape(part):
    if part.get_content_maintype() == "multipart":
        return {part.get_content_subtype(): [shape(child) for child in part.iter_parts()]}
    return part.get_content_type()


def text_of(message, kind):
    part = message.get_body((kind,))
    if part is None or part.get_content_disposition() == "attachment":
        return None
    return part.get_content().replace("\r\n", "\n")


def read(octets):
    message = email.message_from_bytes(octets, policy=email.policy.default)
    seen = {
        "headers": [[name, str(value)] for name, value in message.items()],
        "subject": None if message["subject"] is None else str(message["subject"]),
        "defects": [],
        "shape": shape(message),
        "leaves": [],
        "text": text_of(message, "plain"),
        "html": text_of(message, "html"),
        "attachments": [],
        "groups": {},
    }
    for name in ("from", "sender", "to", "cc", "bcc", "reply-to", "disposition-notification-to"):
        header = message[name]
        seen[name] = people(header) if hasattr(header, "addresses") else None
        if hasattr(header, "groups"):
            seen["groups"][name] = [group for group in groups(header) if group["name"] is not None]
    if message.is_multipart():
        seen["attachments"] = [leaf(part) for part in message.iter_attachments()]
    elif message.get_content_disposition() == "attachment":
        seen["attachments"] = [leaf(message)]
    for part in message.walk():
        if part is not message and part.get_content_maintype() == "message":
            continue
        seen["defects"].extend(defects_of(part))
        if not part.is_multipart():
            seen["leaves"].append(leaf(part))
    return seen


for line in sys.stdin:
    print(json.dumps(read(base64.b64decode(line))), flush=True)
