"""`gateway offline …`: look and act at the store itself, without the console.

What it is: what whoever has the machine and its keys can still do while no console answers; in the audit as
`cli:<account>`. What it is not: an operator's way, which is signed in, permitted and redacted (`gateway queues`, …).
"""

import typer

from gateway.commands import offline_dead_letters, offline_messages

app = typer.Typer(help="Without the console: the store itself, for whoever has the machine and its keys.", no_args_is_help=True)
app.command()(offline_messages.queues)
app.add_typer(offline_messages.messages, name="messages")
app.add_typer(offline_messages.deliveries, name="deliveries")
app.add_typer(offline_dead_letters.app, name="dead-letters")
