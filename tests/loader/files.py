"""Files as users write them, for the tests of the loader."""

from collections.abc import Callable
from pathlib import Path

type Write = Callable[[str, str], Path]
"""Writes a file of that name and text into the working directory, and gives its relative path."""

VENDOR = """\
version: 1
vendor: acme
title: Acme Video
sources:
  guide: {title: Acme Firewall Guide, url: "https://acme.example/guide"}
services:
  calls:
    title: Calls
    protocol: https
    tier: core
    symptom: Calls do not start.
    source: {document: guide, section: Calls}
rules:
  - id: "*.acme.example"
    hosts: ["*.acme.example"]
    ports: [tcp/443]
    services: [calls]
    source: {document: guide, section: Domains}
"""
"""A vendor file without a fault, to be spoiled line by line."""
