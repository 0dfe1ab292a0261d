"""How an order becomes a job: scripted fates are dealt here, once, to requests that every rule has let through."""

from simulators.world.faults import AT_BIRTH, FaultKind, FaultRule
from simulators.world.jobs import Fate, Job, Order
from simulators.world.world import World


async def create_job(world: World, order: Order, *, window: str, moderation_words: str = "") -> Job:
    """Create the job an order asks for, with the fate the fault script has for it.

    Args:
        world: Where it is created.
        order: What was ordered.
        window: The rate window it takes a place in.
        moderation_words: What this vendor says of a job that failed for its content.

    Raises:
        TooMany: The rate window is full.
        TooManyAtOnce: Too many of the user's jobs are running.
        NotEnoughCredits: The balance does not cover the price.
    """

    async def deal(accepted: Order) -> Fate:
        rule = await world.faults.take(accepted.service, "create", accepted.text, AT_BIRTH)
        fate = Fate() if rule is None else _fate_of(rule, accepted, moderation_words)
        return _given_up(accepted, fate)

    return await world.books.create(order, window=window, deal=deal)


def _fate_of(rule: FaultRule, order: Order, moderation_words: str) -> Fate:
    if rule.fault is FaultKind.JOB_LATE:
        return Fate(waits_s=rule.seconds or order.generation_s)
    words = rule.message or (moderation_words if rule.moderated else "Generation failed")
    return Fate(fails_at=rule.at, failure=words, refunds=rule.refund)


def _given_up(order: Order, fate: Fate) -> Fate:
    """Return the fate that the vendor's time-out gives a job which would take longer, else the one it has."""
    timeout_s = order.timeout_s
    if timeout_s is None or fate.fails_at is not None or fate.waits_s + order.generation_s <= timeout_s:
        return fate
    waits_s = min(fate.waits_s, timeout_s)
    fails_at = (timeout_s - waits_s) / order.generation_s
    return Fate(waits_s=waits_s, fails_at=fails_at, failure="Task timed out", refunds=False)
