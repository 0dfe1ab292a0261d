"""How long we wait, and for what. Live values are the vendors' world; simulated ones let a crash heal in seconds."""

from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Timings:
    """All of this program's waits, in seconds."""

    #: A film whose owner hasn't renewed for so long may be taken up by another run.
    lease_s: float = 60
    renew_s: float = 20
    #: How often a process looks whether one of its films was canceled or taken over.
    poll_db_s: float = 1
    #: An intent older than this is never sent any more (D).
    send_deadline_s: float = 10
    post_timeout_s: float = 30
    get_timeout_s: float = 20
    download_timeout_s: float = 300
    #: How late a job may appear in its vendor's list, and how far the clocks may differ.
    list_lag_s: float = 60
    skew_s: float = 20
    #: A job is looked for this far before its intent.
    overlap_s: float = 60
    #: Between two looks at a job, and the longest it may take.
    poll_s: float = 5
    job_deadline_s: float = 1800
    #: A vendor's rate window, and the guard between its clock and ours.
    window_s: float = 60
    guard_s: float = 1
    #: A send later than this after its slot was granted takes a new slot: the vendor's window counts arrivals, and
    #: the guard must cover the lateness.
    grant_fresh_s: float = 0.5
    #: Between two tries where the vendor names no time.
    retry_delay_s: float = 2
    #: What writing, anchors, sound and composing may take besides the segments.
    non_render_budget_s: float = 3600
    #: How many times faster than the documents say the vendors are.
    vendor_scale: float = 1
    #: How long a file that a customer brings may take to arrive, in all.
    brought_s: float = 120
    #: How long a vendor may be unreachable before the film gives up.
    vendor_outage_max_s: float = 600

    @property
    def absence_proof_s(self) -> float:
        """W: a complete read of the list that began so long after the intent proves a job was never created."""
        return self.send_deadline_s + self.post_timeout_s + self.list_lag_s + self.skew_s

    @classmethod
    def simulated(cls, time_scale: float) -> Self:
        """Return the waits for simulators that run `time_scale` times as fast; our own deadlines are not scaled."""
        return cls(
            lease_s=5,
            renew_s=1,
            poll_db_s=0.5,
            send_deadline_s=1,
            post_timeout_s=3,
            get_timeout_s=20,
            list_lag_s=60 / time_scale,
            skew_s=1,
            poll_s=max(5 / time_scale, 0.2),
            job_deadline_s=600,
            window_s=60 / time_scale,
            guard_s=0.3,
            grant_fresh_s=0.2,
            retry_delay_s=max(2 / time_scale, 0.1),
            non_render_budget_s=1200,
            vendor_scale=time_scale,
            vendor_outage_max_s=60,
        )
