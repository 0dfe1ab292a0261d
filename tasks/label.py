"""The implicit label of generated content: GB 45438-2025, in force since 1 September 2025."""

from film.ids import FilmId


def label_of(producer: str, film_id: FilmId) -> dict[str, str]:
    """Return the label's seven fields; those nobody knows stay empty, as the standard asks."""
    return {
        "Label": "1",
        "ContentProducer": producer,
        "ProduceID": film_id,
        "ReservedCode1": "",
        "ContentPropagator": "",
        "PropagateID": "",
        "ReservedCode2": "",
    }
