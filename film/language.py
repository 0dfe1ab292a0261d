"""Which language a prompt is written in, when the customer didn't say."""

import re
from typing import Final

#: A BCP-47 tag in its plain forms: language, script, region.
TAG: Final = re.compile(r"^[A-Za-z]{2,3}(-[A-Za-z]{4})?(-([A-Za-z]{2}|\d{3}))?$")

_HAN: Final = re.compile(r"[\u4e00-\u9fff]")

#: Below this certainty a few Latin words could be anything; English is then the least surprise.
_LEAST_CERTAIN: Final = 0.8
#: The languages worth telling apart; the full list of 97 mistakes short English for Galician.
_CANDIDATES: Final = ("zh", "en", "ja", "ko", "es", "pt", "fr", "de", "it", "nl", "ru", "uk", "pl", "tr", "ar", "vi")


def guess_language(prompt: str) -> str:
    """Return the primary language tag of `prompt` (`zh`, `en`, `ar`...), `en` where nothing can be told."""
    # Imported here: its model takes half a second to load, and only a request without a language needs it.
    from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415

    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(_CANDIDATES)
    tag, certainty = identifier.classify(prompt)
    if certainty >= _LEAST_CERTAIN:
        return str(tag)
    return "zh" if _HAN.search(prompt) else "en"
