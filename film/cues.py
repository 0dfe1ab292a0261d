"""Narration on the film's clock: which words sound from which sample to which sample."""

from dataclasses import dataclass

from film.canvas import SAMPLE_RATE


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """One line of narration as it stands in the finished film; subtitles are made of these."""

    segment: int
    text: str
    start_sample: int
    end_sample: int

    @property
    def start_s(self) -> float:
        """Start, in seconds of the film."""
        return self.start_sample / SAMPLE_RATE

    @property
    def end_s(self) -> float:
        """End, in seconds of the film."""
        return self.end_sample / SAMPLE_RATE
