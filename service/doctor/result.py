"""What `longvideo doctor` says of one thing it looked at."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """One thing that was looked at: whether it is fine, what was found, and the remedy where it isn't."""

    name: str
    fine: bool
    found: str
    remedy: str = ""

    def line(self) -> str:
        """Return it as a line of text."""
        mark = "ok  " if self.fine else "FAIL"
        return f"{mark} {self.name}: {self.found}" + (f" -> {self.remedy}" if self.remedy and not self.fine else "")

    def as_json(self) -> dict[str, str | bool]:
        """Return it as scripts get it."""
        return {"name": self.name, "fine": self.fine, "found": self.found, "remedy": self.remedy}
