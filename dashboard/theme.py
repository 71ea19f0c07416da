"""Names and colours, in one place. The page theme itself is .streamlit/config.toml."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Final

from herald.model import Action, CaseState, DeliveryState, Kind, Role, Severity, Work

ASSETS: Final = Path(__file__).parent / "assets"
_CONFIG: Final = (Path(__file__).parent / ".streamlit" / "config.toml").read_text(encoding="utf-8")
PAGE: Final[dict[str, Any]] = tomllib.loads(_CONFIG)["theme"]
"""The page's colours by mode, as Streamlit reads them."""

PLATFORMS: Final[dict[str, tuple[str, str]]] = {  # name -> (shown name, colour; distinguishable when colour-blind)
    "facebook_page": ("Facebook", "#0072B2"),
    "messenger": ("Messenger", "#0072B2"),
    "instagram": ("Instagram", "#CC3F8B"),
    "threads": ("Threads", "#1F2937"),
    "whatsapp": ("WhatsApp", "#2A9D8F"),
    "linkedin": ("LinkedIn", "#2A9D8F"),
    "tiktok": ("TikTok", "#1F2937"),
    "x": ("X", "#7A8594"),
    "bluesky": ("Bluesky", "#1496BE"),
    "mastodon": ("Mastodon", "#6D5BD0"),
    "youtube": ("YouTube", "#D55E00"),
    "telegram": ("Telegram", "#2C8FC9"),
    "reddit": ("Reddit", "#D55E00"),
    "google_business": ("Google", "#5B7F2B"),
    "trustpilot": ("Trustpilot", "#2A9D8F"),
    "rss": ("RSS", "#B7791F"),
    "shopify": ("Shopify", "#5B7F2B"),
    "slack": ("Slack", "#6D5BD0"),
    "discord": ("Discord", "#6D5BD0"),
    "webhook": ("Webhook", "#7A8594"),
}

ON_DARK: Final[dict[str, str]] = {  # platform -> the same colour for a dark page; the others are light enough
    "facebook_page": "#56B4E9", "messenger": "#56B4E9", "instagram": "#F080B8", "threads": "#E5E7EB",
    "whatsapp": "#52C7B8", "linkedin": "#52C7B8", "tiktok": "#E5E7EB", "x": "#9AA5B1", "bluesky": "#8ADCF4",
    "mastodon": "#A99BF5", "youtube": "#FF9154", "telegram": "#6FC0EE", "reddit": "#FF9154",
    "google_business": "#9CC46B", "trustpilot": "#52C7B8", "rss": "#E0B357", "shopify": "#9CC46B",
    "slack": "#A99BF5", "discord": "#A99BF5", "webhook": "#9AA5B1",
}  # fmt: skip

KINDS: Final = {
    Kind.COMMENT: "Comment",
    Kind.MENTION: "Mention",
    Kind.DM: "Direct message",
    Kind.REVIEW: "Review",
    Kind.POST: "Visitor post",
}

ACTIONS: Final = {  # what was decided; how it stands on the platform has words of its own
    Action.ALLOW: ("Allow", "green"),
    Action.QUEUE: ("Review", "orange"),
    Action.HIDE: ("Hide", "red"),
    Action.DELETE: ("Delete", "red"),
}

DECIDED: Final = {Action.ALLOW: "Allowed", Action.QUEUE: "Sent to review", Action.HIDE: "Ordered hidden",
                  Action.DELETE: "Ordered deleted"}  # fmt: skip

CASE_STATES: Final = {
    CaseState.OPEN: ("Open", "blue"),
    CaseState.CLAIMED: ("Claimed", "teal"),
    CaseState.ANSWERING: ("Answering", "violet"),
    CaseState.ANSWERED: ("Answered", "green"),
    CaseState.RESOLVED: ("Resolved", "gray"),
}

SEVERITIES: Final = {
    Severity.NONE: ("None", "gray"),
    Severity.LOW: ("Low", "gray"),
    Severity.MEDIUM: ("Medium", "orange"),
    Severity.HIGH: ("High", "red"),
    Severity.CRITICAL: ("Critical", "red"),
}

WORKS: Final = {Work.ANSWER: "Answer", Work.REVIEW: "Review", Work.APPEAL: "Appeal", Work.TASK: "By hand"}

DELIVERIES: Final = {
    DeliveryState.DUE: ("On its way", "violet"),
    DeliveryState.SENDING: ("On its way", "violet"),
    DeliveryState.UNCONFIRMED: ("Not confirmed yet", "orange"),
    DeliveryState.DONE: ("Stands on the platform", "green"),
    DeliveryState.FAILED: ("Failed", "red"),
    DeliveryState.SUPERSEDED: ("Replaced by a later order", "gray"),
}

TYPES: Final = {  # case type -> tone; a type a rule invents is gray
    "complaint": "orange",
    "question": "blue",
    "praise": "green",
    "privacy": "red",
    "safety": "red",
    "press": "violet",
    "lead": "violet",
    "review": "gray",
    "reply": "gray",
}

ROLES: Final = {
    Role.COMMUNITY_MANAGER: "Community manager",
    Role.MARKETER: "Marketer",
    Role.CUSTOMER_SERVICE_MANAGER: "Customer service manager",
    Role.OWNER: "Owner",
    Role.COMPLIANCE: "Compliance",
    Role.ENGINEER: "Engineer",
}


def platform_name(platform: str) -> str:
    """The name people know; the key itself for a platform without one here."""
    return PLATFORMS.get(platform, (platform.replace("_", " ").capitalize(), ""))[0]


def platform_colour(platform: str, *, dark: bool = False) -> str:
    """The colour of a platform, for a light page or a dark one; it never depends on what else is shown."""
    light = PLATFORMS.get(platform, ("", "#7A8594"))[1] or "#7A8594"
    return ON_DARK.get(platform, light) if dark else light
