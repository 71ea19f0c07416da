"""Where an account's access token comes from: the one place that knows."""

from __future__ import annotations

from herald.errors import NeedsLogin
from herald.flows.context import Herald
from herald.model import Account


def token_for(account: Account, herald: Herald) -> str:
    """The account's access token now. Raises NeedsLogin."""
    connection = herald.store.connection(account.connection)
    if connection is None:
        raise NeedsLogin(f"{account.name} is not connected.")
    token = herald.secrets(connection.secret_ref).tokens.get(account.account_id)
    if not token:
        raise NeedsLogin(f"There is no access token for {account.name}. Connect it again.")
    return token
