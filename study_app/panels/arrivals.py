"""Who comes by a link: read from its parameters, and from nothing else."""

import re
from dataclasses import dataclass

from werkzeug.datastructures import Headers, MultiDict

from study_app.outside import MAX_LENGTH
from study_app.panels.settings import Panel

PREFETCH_HEADERS = ("Sec-Purpose", "Purpose", "X-Purpose", "X-Moz")
PREFETCH_WORDS = ("prefetch", "prerender", "preview")
PREVIEWERS = re.compile(  # programs that look at a link which somebody sends to somebody else
    "Slackbot|Slack-ImgProxy|Discordbot|TelegramBot|WhatsApp|facebookexternalhit|Facebot|"
    "meta-externalagent|Twitterbot|LinkedInBot|SkypeUriPreview|MicrosoftPreview|BingPreview|"
    "Mattermost-Bot|Synapse|Iframely|Embedly|Pinterestbot|redditbot|vkShare|Line-?Poker|"
    "Google-PageRenderer|Googlebot|bingbot|Applebot|iMessageLinkExtension|Zulip|Mastodon|"
    "Bluesky Cardyb|Snap URL Preview|kakaotalk-scrap|Rocket\\.Chat",
    re.IGNORECASE,
)


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """What a panel's link says.

    Attributes
    ----------
    participant
        The panel's number of a person, or None where the panel gives none.
    kept
        Parameter -> value that the end address needs again.
    """

    participant: str | None
    kept: dict[str, str]


def read_arrival(panel: Panel, query: "MultiDict[str, str]") -> Arrival | None:
    """Read the parameters of a panel's link.

    Parameters
    ----------
    panel
        Where participants come from.
    query
        Of the link.

    Returns
    -------
    Arrival | None
        None where a parameter is missing, doubled, or not of the panel's form: somebody typed the
        address, opened a preview, or lost a part of the link.
    """
    values = {}
    for name, pattern in panel.parameters.items():
        given = [value.strip() for value in query.getlist(name)]
        is_one = len(given) == 1 and len(given[0]) <= MAX_LENGTH
        if not is_one or not re.fullmatch(pattern, given[0], re.ASCII):
            return None
        values[name] = given[0]
    return Arrival(
        participant=values.get(panel.participant) if panel.participant else None,
        kept={name: values[name] for name in sorted(panel.kept)},
    )


def is_prefetch(headers: Headers) -> bool:
    """Return whether a browser only fetches the page in case somebody opens it.

    Parameters
    ----------
    headers
        Of the request.

    Returns
    -------
    bool
        By ``Sec-Purpose`` and its forerunners.

    Examples
    --------
    >>> is_prefetch(Headers({"Sec-Purpose": "prefetch;prerender"})), is_prefetch(Headers())
    (True, False)
    """
    values = " ".join(headers.get(name, "") for name in PREFETCH_HEADERS).lower()
    return any(word in values for word in PREFETCH_WORDS)


def is_previewer(user_agent: str) -> bool:
    """Return whether a program shows a link to the people of a chat.

    Parameters
    ----------
    user_agent
        As it names itself.

    Returns
    -------
    bool
        By the names that such programs have.

    Examples
    --------
    >>> is_previewer("Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)")
    True
    >>> is_previewer("Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/128.0")
    False
    """
    return PREVIEWERS.search(user_agent) is not None
