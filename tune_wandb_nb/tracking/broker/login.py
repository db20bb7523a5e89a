import getpass

from tune_wandb_nb.tracking.auth.credentials import forget_keys, keep_key
from tune_wandb_nb.tracking.broker.client import broker_client
from tune_wandb_nb.tracking.settings.settings import checked_key

__all__ = ["login", "logout"]


def login(key: str | None = None, *, host: str | None = None) -> None:
    """Keep a W&B API key in this kernel's memory; no file is written.

    Every `WandbLogger`, mixin and panel finds it there, and `setup_wandb` in trials. Without
    ``key`` it is asked for, hidden. ``wandb.login`` writes the key to ``~/.netrc`` instead.

    Args:
        key: The key, as shown at https://wandb.ai/authorize.
        host: Its server, such as ``"https://wandb.example.com"``; by default whichever is used.

    Raises:
        SettingsError: the key does not have the shape of a W&B API key.

    Example:
        >>> login("0123456789" * 4)
        >>> logout()
    """
    if key is None:
        page = f"{host.rstrip('/')}/authorize" if host else "https://wandb.ai/authorize"
        key = getpass.getpass(f"W&B API key (from {page}): ")
    keep_key(checked_key(key, "the key given to login() does not hold"), host)
    # Nothing else sends the key to a trial that only calls `setup_wandb`.
    broker_client.offer_when_ray_is_up()


def logout(*, host: str | None = None) -> None:
    """Forget the key that `login` was given for a host; without one, all of them."""
    forget_keys(host)
