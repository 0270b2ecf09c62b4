"""The demo's settings, and a policy that hides the text of pages from those who may only read."""

from demo.settings import *  # noqa: F403

REVY_GRAPHQL = {"POLICY": "tests.wiki.policy.ReadersPolicy"}
