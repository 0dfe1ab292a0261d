"""How an order becomes a job: scripted fates are dealt here, once, to requests that every rule has let through."""

import dataclasses

from simulators.world.faults import AT_BIRTH, FaultKind
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
    rule = await world.faults.take(order.service, "create", order.text, AT_BIRTH)
    if rule is not None and rule.fault is FaultKind.JOB_LATE:
        order = dataclasses.replace(order, fate=Fate(waits_s=rule.seconds or order.generation_s))
    elif rule is not None:
        words = rule.message or (moderation_words if rule.moderated else "Generation failed")
        order = dataclasses.replace(order, fate=Fate(fails_at=rule.at, failure=words, refunds=rule.refund))
    return await world.books.create(_given_up(order), window=window)


def _given_up(order: Order) -> Order:
    """Return the order with the fate that its vendor's time-out gives a job which would take longer."""
    fate, timeout_s = order.fate, order.timeout_s
    if timeout_s is None or fate.fails_at is not None or fate.waits_s + order.generation_s <= timeout_s:
        return order
    waits_s = min(fate.waits_s, timeout_s)
    fails_at = (timeout_s - waits_s) / order.generation_s
    return dataclasses.replace(
        order, fate=Fate(waits_s=waits_s, fails_at=fails_at, failure="Task timed out", refunds=False)
    )
