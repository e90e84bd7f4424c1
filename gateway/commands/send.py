"""`gateway send`: a small client for partners and tests.

What it is: signs a message in the JSON form with a partner's own key and posts it over HTTPS. What it is not:
a way around the door: it has the partner's rights and no others.
"""

from pathlib import Path
from typing import Annotated

import typer

from gateway.commands.options import AsJson
from gateway.commands.output import Answer, answer


def send(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The message: a JSON object with `header` and `document`; - reads standard input.")],
    *,
    sender: Annotated[str, typer.Option("--as", help="Party that sends; its code becomes header.sender where that is missing.")],
    organisation: Annotated[str, typer.Option(help="Organisation that calls.")],
    key: Annotated[Path, typer.Option(help="Private key that signs messages, PEM, mode 0600.")],
    auth_key: Annotated[Path, typer.Option(help="Private key that signs caller tokens, PEM, mode 0600.")],
    gateway: Annotated[str | None, typer.Option(help="Address of the gateway; by default the setting public_url.")] = None,
    audience: Annotated[str | None, typer.Option(help="Audience of the gateway; by default the setting audience.")] = None,
    ca: Annotated[Path | None, typer.Option(help="CA certificates to check the gateway against, PEM.")] = None,
    client_certificate: Annotated[Path | None, typer.Option(help="Client certificate with its key, PEM.")] = None,
    receipt: Annotated[Path | None, typer.Option(help="Write the signed receipt to this file.")] = None,
    as_json: AsJson = False,
) -> None:
    """Sign a message and hand it in. Sending the same file again is safe where it names its message_id."""
    from gateway.commands.sending import Sending, prepare, submit

    sending = Sending(
        sender=sender, organisation=organisation, key=key, auth_key=auth_key, gateway=gateway, audience=audience, ca=ca, client_certificate=client_certificate
    )
    letter = prepare(file, sending)
    taken = submit(letter, sending)
    if receipt is not None:
        receipt.write_text(taken.receipt + "\n", encoding="ascii")
    members = {"sender_message_id": letter.message_id, "status": taken.status, "location": taken.location, "receipt": taken.receipt}
    lines = (f"accepted: {letter.message_id}", f"location: {taken.location}", f"receipt:  {receipt or taken.receipt}")
    answer(Answer("sent/1", members, (), lines), as_json=as_json)
