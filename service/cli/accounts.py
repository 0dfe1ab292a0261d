"""Commands for whoever runs the API: accounts, their credits, their keys; and a film's deletion."""

from typing import Annotated

import typer

from app.ledger import open_ledger
from app.secret import load_secret
from film.credits import MilliCredits, credits_number, credits_text, milli_credits
from film.errors import InvalidRequest
from film.ids import AccountId, film_id_of
from ledger.credits.accounts import account_balance, create_account, grant_once
from ledger.films.retention import delete_film
from ledger.operations.api_keys import IssuedKey, create_key, list_keys, revoke_key, rotate_key
from service.cli.terminal import FilmArgument, Json, print_json, read_settings, run
from service.shown import say
from store.objects import Objects

accounts = typer.Typer(help="Accounts of the HTTP API.", no_args_is_help=True)
keys = typer.Typer(help="Keys of the HTTP API.", no_args_is_help=True)

Account = Annotated[str, typer.Argument(metavar="ACCOUNT", help="The account's name.")]
KeyId = Annotated[str, typer.Argument(metavar="KEY", help="The key's id, key_...")]


@accounts.command("create")
def account_create(name: Account, *, as_json: Json = False) -> None:
    """Open an account, without credits."""

    async def body() -> int:
        async with open_ledger(read_settings()) as database:
            account = await create_account(database, name)
        if as_json:
            print_json({"account": account})
        else:
            say(f"Account {account} is open; `longvideo account grant {account} CREDITS` fills it.")
        return 0

    raise typer.Exit(run(body(), as_json=as_json))


@accounts.command("grant")
def account_grant(
    name: Account,
    amount: Annotated[str, typer.Argument(metavar="CREDITS", help="How many, up to three decimals.")],
    *,
    reason: Annotated[str, typer.Option(help="Names the grant; the same one is given only once.")] = "",
    as_json: Json = False,
) -> None:
    """Give an account credits."""

    async def body() -> int:
        wanted = _amount(amount)
        async with open_ledger(read_settings()) as database:
            given = await grant_once(database, AccountId(name), wanted, reason=reason)
            balance = await account_balance(database, AccountId(name))
        available = balance.available_mc
        if as_json:
            print_json({"account": name, "granted": given, "available": credits_number(available)})
        else:
            before = f"Nothing is granted: {reason!r} was granted before, name another --reason"
            words = f"{credits_text(wanted)} credits granted" if given else before
            say(f"{words}; {name} has {credits_text(available)} available.")
        return 0

    raise typer.Exit(run(body(), as_json=as_json))


@accounts.command("show")
def account_show(name: Account, *, as_json: Json = False) -> None:
    """Show an account's credits."""

    async def body() -> int:
        async with open_ledger(read_settings()) as database:
            balance = await account_balance(database, AccountId(name))
        held, available = balance.reserved_mc, balance.available_mc
        if as_json:
            told = {"reserved": credits_number(held), "available": credits_number(available)}
            print_json({"account": name, **told})
        else:
            say(f"{name} has {credits_text(available)} credits available, {credits_text(held)} held for films.")
        return 0

    raise typer.Exit(run(body(), as_json=as_json))


@keys.command("create")
def key_create(name: Account, *, as_json: Json = False) -> None:
    """Make an account a key; it is shown this once."""

    async def body() -> int:
        settings = read_settings()
        async with open_ledger(settings) as database:
            fresh = await create_key(database, AccountId(name), pepper=load_secret(settings))
        _show(fresh, as_json=as_json)
        return 0

    raise typer.Exit(run(body(), as_json=as_json))


@keys.command("rotate")
def key_rotate(key_id: KeyId, *, as_json: Json = False) -> None:
    """Give a key a new secret; its films stay its own, the old secret is worth nothing at once."""

    async def body() -> int:
        settings = read_settings()
        async with open_ledger(settings) as database:
            fresh = await rotate_key(database, key_id, pepper=load_secret(settings))
        _show(fresh, as_json=as_json)
        return 0

    raise typer.Exit(run(body(), as_json=as_json))


@keys.command("revoke")
def key_revoke(key_id: KeyId, *, as_json: Json = False) -> None:
    """Disable a key; `rotate` brings it back under a new secret."""

    async def body() -> int:
        async with open_ledger(read_settings()) as database:
            await revoke_key(database, key_id)
        if as_json:
            print_json({"key": key_id, "disabled": True})
        else:
            say(f"{key_id} is disabled.")
        return 0

    raise typer.Exit(run(body(), as_json=as_json))


@keys.command("list")
def key_list(
    name: Annotated[str, typer.Option("--account", help="Only this account's.")] = "", *, as_json: Json = False
) -> None:
    """List keys, never their secrets."""

    async def body() -> int:
        async with open_ledger(read_settings()) as database:
            found = await list_keys(database, AccountId(name) if name else None)
        if as_json:
            print_json(
                [
                    {
                        "key": key.key_id,
                        "account": key.account,
                        "created_at": key.created_at_ms // 1000,
                        "disabled": key.disabled_at_ms is not None,
                    }
                    for key in found
                ]
            )
        else:
            for key in found:
                say(f"{key.key_id}  {key.account}{'  disabled' if key.disabled_at_ms is not None else ''}")
        return 0

    raise typer.Exit(run(body(), as_json=as_json))


def delete(film_id: FilmArgument, *, as_json: Json = False) -> None:
    """Delete an ended film and its files; its rows stay in the books."""

    async def body() -> int:
        settings = read_settings()
        async with open_ledger(settings) as database:
            await delete_film(database, Objects(settings.objects_url), film_id_of(film_id))
        if as_json:
            print_json({"task_id": film_id, "deleted": True})
        else:
            say(f"{film_id} is deleted.")
        return 0

    raise typer.Exit(run(body(), as_json=as_json))


def _amount(text: str) -> MilliCredits:
    try:
        wanted = milli_credits(text)
    except (ArithmeticError, ValueError):
        wanted = milli_credits(0)
    if wanted <= 0:
        raise InvalidRequest(field="credits", reason="must be a number above 0 with at most three decimals")
    return wanted


def _show(fresh: IssuedKey, *, as_json: bool) -> None:
    if as_json:
        print_json({"key": fresh.key_id, "secret": fresh.secret, "webhook_secret": fresh.webhook_secret})
        return
    say(f"key id          {fresh.key_id}")
    say(f"API key         {fresh.secret}")
    say(f"webhook secret  {fresh.webhook_secret}")
    say("Key and webhook secret aren't shown again; `longvideo key rotate` makes new ones.", err=True)
