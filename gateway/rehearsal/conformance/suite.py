"""The conformance suite: every case, in the order of playing.

What it is: the table. What it is not: the plays. Called by the kit, and by the page that lists it
(docs/partners/conformance.md).
"""

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Final

from gateway.rehearsal.conformance import bent
from gateway.rehearsal.conformance import plays_content as content
from gateway.rehearsal.conformance import plays_details as details
from gateway.rehearsal.conformance import plays_files as files
from gateway.rehearsal.conformance import plays_running as running
from gateway.rehearsal.conformance import plays_trust as trust
from gateway.rehearsal.conformance.cases import DETAILS, EVERYBODY, FILES, INSIDE, JSON, PUSHED, SOAP, Case, Group, Level

_MARKUP = "a < b && c > d; \"quoted\" & 'quoted' ]]> &amp; <!-- --> %00 \\n /n"
_TEXTS: Final = (
    ("welsh", "Welsh and accented letters", "Tŷ Gwŷn, Llŷr, Siân, Zoë, naïve, £5, 20 °C"),
    ("scripts", "Other scripts, right to left too", "Ελληνικά Кириллица 中文 العربية עברית हिन्दी"),
    ("beyond", "Characters beyond the basic plane", "🙂 𝔸 𐍈 👩‍👧"),
    ("markup", "What means something in XML, JSON and SQL", _MARKUP),
    ("lines", "Line feeds and tabs inside a text", "first line\nsecond line\n\n\tindented"),
    ("separators", "Commas, semicolons, quotes, as in CSV", 'one, "two"; \'three\' | four\\five,,""'),
    ("combining", "Letters with combining accents stay as they came", "e\u0301 a\u030a n\u0303 \u00e9"),
    ("digits", "A text of digits keeps its zeros", "000123"),
    ("word-null", "Texts that look like other values", "null true false NaN 1e5 =1+1"),
)


def _connection() -> Iterator[Case]:
    g = Group.CONNECTION
    yield Case("CON-01", g, "Takes a message", "The endpoint, mailbox or queue is manned, and takes what is valid.", running.answers)
    yield Case("CON-02", g, "Takes every message at its first call", "No call of a dozen is dropped, redirected or put off.", running.first_call)
    yield Case("CON-03", g, "Takes calls side by side", "Cases do not wait for one another.", running.side_by_side)
    yield Case(
        "CON-04",
        g,
        "Calls a signed answer by its name",
        "What is signed is looked at: a wrong content type is no receipt.",
        running.answers_signed,
        scope=PUSHED,
    )
    yield Case("CON-05", g, "Refuses an empty call", "Nothing is nothing.", running.empty_call, scope=PUSHED)
    yield Case("CON-06", g, "Refuses garbage", "What cannot be read breaks nothing.", running.garbage)
    yield Case("CON-07", g, "Refuses half a message", "A connection that broke half way leaves no half effects.", running.cut_short)
    yield Case("CON-08", g, "Takes a connection notification", "We can ask whether anybody is there.", running.answers_a_ping, Level.SHOULD)


def _schema() -> Iterator[Case]:
    for kind, play in content.valid_plays():
        yield Case(f"SCH-{kind}", Group.SCHEMA, f"Applies {kind}", "Every agreed type is understood.", play)
    breaks: tuple[tuple[str, str, content.Break], ...] = (
        ("case-missing", "its case is missing", partial(content.lacks, "case")),
        ("date-missing", "its date is missing", partial(content.lacks, "day")),
        ("date-invalid", "its date is no date", partial(content.unwritable, "day", "31st of Febtober")),
        ("date-number", "its date is a number", partial(content.unwritable, "day", 20260102)),
        ("case-invalid", "its case number is none", partial(content.unwritable, "case", "not a case")),
        ("notes-object", "its notes are an object", partial(content.unwritable, "notes", {"text": "made up"})),
        ("type-unknown", "there is no such type", partial(content.header_says, "type", "ConsolidatedRumour")),
        ("action-unknown", "there is no such action", partial(content.header_says, "action", "XXX")),
        ("id-missing", "it has no message id", content.no_header),
    )
    for name, why, how in breaks:
        yield Case(
            f"SCH-{name}", Group.SCHEMA, f"Does not apply a message: {why}", "What is invalid is not half done.", partial(content.broken, how, why), scope=JSON
        )
    unknown = partial(content.broken, content.unknown_member, "it has a field that does not exist")
    yield Case("SCH-field-unknown", Group.SCHEMA, "Does not drop an unknown field in silence", "What is not understood is not lost.", unknown, scope=JSON)
    yield Case(
        "SCH-name-twice", Group.SCHEMA, "Does not apply JSON with a name twice", "Two readings of one text are none.", content.doubled_name, Level.SHOULD, JSON
    )
    yield Case("SCH-no-document", Group.SCHEMA, "Does not apply what is no document", "What is signed need not be sense.", content.not_json, scope=JSON)
    elements = (
        ("element-missing", r"<(\w+:)?ContactDate>.*?</(\w+:)?ContactDate>", "", "its date is missing"),
        ("date-invalid-xml", r"(ContactDate>)[^<]*<", r"\1not a date<", "its date is no date"),
        ("element-unknown", r"(<(\w+:)?ContactDate>)", r"<\2UnheardOf>1</\2UnheardOf>\1", "it has an element that does not exist"),
        ("count-wrong", r"(ControlCount>)1<", r"\g<1>2<", "it counts more messages than there are"),
    )
    for name, pattern, replacement, why in elements:
        play = partial(content.broken_xml, pattern, replacement, why)
        yield Case(f"SCH-{name}", Group.SCHEMA, f"Does not apply an interchange: {why}", "What is invalid is not half done.", play, scope=SOAP)


def _signature() -> Iterator[Case]:
    both: tuple[tuple[str, str, trust.Bend], ...] = (
        ("stranger", "its key is nobody's", bent.by_a_stranger),
        ("body", "it was altered after it was signed", bent.body_altered),
        ("none", "it has no signature", bent.without_signature),
        ("spliced", "its signature is another message's", bent.spliced),
    )
    json_only: tuple[tuple[str, str, trust.Bend], ...] = (
        ("borrowed-name", "another key signed in our key's name", bent.in_our_name),
        ("header", "its header was altered after it was signed", bent.header_altered),
        ("alg-none", "it says alg none", bent.without_algorithm),
        ("alg-hmac", "it is an HMAC under our public key", bent.with_our_public_key),
        ("typ", "it is called a receipt", bent.as_a_receipt),
        ("crit", "its header demands what nobody agreed", bent.with_a_strange_header),
    )
    for scope, bends in ((EVERYBODY, both), (JSON, json_only), (SOAP, (("time", "its time stamp was altered", bent.time_altered),))):
        for name, why, bend in bends:
            play = partial(trust.not_believed, bend, why)
            yield Case(f"SIG-{name}", Group.SIGNATURE, f"Does not believe a message: {why}", "Only what we signed is done.", play, scope=scope)


def _time_and_place() -> Iterator[Case]:
    g, proves = Group.AUDIENCE, "A message for one cannot be turned on another, nor a test on the live system."
    for number, (title, audience) in enumerate(
        (("another organisation", "somebody-else"), ("the same in another place", "{own}.test"), ("nobody", "")), start=1
    ):
        yield Case(f"AUD-0{number}", g, f"Does not take what was signed for {title}", proves, partial(trust.for_somebody_else, audience), scope=JSON)
    yield Case("AUD-04", g, "Does not take what is for another party", proves, trust.for_another_party)
    g = Group.CLOCK
    yield Case("CLK-01", g, "Takes what is dated four minutes ago", "Clocks may differ by 300 s.", partial(trust.dated, timedelta(seconds=-240)))
    yield Case("CLK-02", g, "Takes what is dated four minutes ahead", "Clocks may differ by 300 s.", partial(trust.dated, timedelta(seconds=240)))
    ahead = partial(trust.dated_wrongly, timedelta(minutes=20), "it is dated twenty minutes ahead")
    yield Case("CLK-03", g, "Does not take what is dated twenty minutes ahead", "A signature for later is not one for now.", ahead)
    yield Case("CLK-04", g, "Dates its receipts now", "What was said when can be proved.", running.fresh)
    g = Group.REPLAY
    yield Case("REP-01", g, "Does nothing for the same bytes again", "Who recorded a message cannot play it back.", trust.replayed, scope=JSON)
    yield Case("REP-02", g, "Does not take a signature that is too old", "What was recorded long ago is not news.", trust.too_old)
    yield Case("REP-03", g, "Takes a fresh signature on a message that waited", "An outage of ours loses nothing.", trust.prepared_long_ago)


def _effects() -> Iterator[Case]:
    g = Group.DUPLICATES
    yield Case("DUP-01", g, "Does a message once that comes twice", "At least once on the way is once in effect.", trust.resent)
    yield Case("DUP-02", g, "Answers the same message with the same receipt", "A receipt that was lost can be had again.", trust.same_receipt)
    yield Case("DUP-03", g, "Does a message once that comes five times", "At least once on the way is once in effect.", trust.resent_several_times)
    yield Case("DUP-04", g, "Does a message once that comes five times at once", "Two threads do not do one thing twice.", trust.at_the_same_time)
    yield Case("DUP-05", g, "Does not go back for an earlier message of a case", "A duplicate is not an update.", trust.duplicate_between_others)
    g = Group.ORDER
    yield Case("ORD-01", g, "Keeps the order of a case", "An update does not come before what it updates.", content.in_order)
    yield Case("ORD-02", g, "Keeps the order of cases that come by turns", "Cases are independent.", content.interleaved)
    yield Case("ORD-03", g, "Goes on with a case after a bad message", "What cannot be done holds up nothing behind it.", content.after_a_refusal)
    g = Group.SIZE
    yield Case("SIZ-01", g, "Takes 20 kB", "Notes are long.", partial(content.big, 20_000))
    yield Case("SIZ-02", g, "Takes 150 kB", "Assessments are longer.", partial(content.big, content.BIG_BYTES))
    yield Case("SIZ-03", g, "Keeps a long text whole", "What an officer wrote at the end counts too.", content.kept_whole, scope=INSIDE)
    for name, title, text in _TEXTS:
        play = partial(content.characters, text)
        yield Case(f"CHR-{name}", Group.CHARACTERS, title, "Names and words arrive as they are.", play)
    empty = content.empty_is_not_absent
    yield Case("CHR-empty", Group.CHARACTERS, "Keeps empty and absent apart", "Stated as empty deletes; absent leaves alone.", empty, scope=INSIDE)


def _receipts() -> Iterator[Case]:
    g = Group.RECEIPTS
    yield Case("RCP-01", g, "Signs receipts with its pinned key", "A receipt is a proof.", running.believable)
    yield Case("RCP-02", g, "Names the digest of what it got", "It is a receipt for this content.", running.digest_is_right, scope=JSON)
    yield Case("RCP-03", g, "Speaks for its own party", "It is a receipt of this recipient.", running.party_is_right)
    yield Case("RCP-04", g, "Names our audience in the claims", "It is a receipt for us.", running.audience_is_ours, scope=JSON)
    yield Case("RCP-05", g, "Makes one final receipt per message", "What is final is said once.", running.only_one)
    yield Case("RCP-06", g, "Gives each receipt an id of its own", "Receipts can be told apart.", running.ids_differ)
    yield Case("RCP-07", g, "Says nothing about messages that it never got", "A receipt is about something.", running.about_this)
    yield Case("RCP-08", g, "Says not-applied, and why", "A sender is not left to believe that it was done.", content.unwilling, scope=INSIDE)
    g = Group.SENDING
    yield Case(
        "SND-01", g, "Answers a transfer with a message that can be taken", "What it sends is as valid as what it gets.", running.answers_transfers, scope=JSON
    )
    yield Case("SND-02", g, "Sends types that exist", "It speaks the same language.", running.known_types, scope=JSON)
    yield Case("SND-03", g, "Gives each message an id of its own", "Two messages are not taken for one.", running.own_ids, scope=JSON)
    yield Case("SND-04", g, "Gives each notification a reference of its own", "Two interchanges are not taken for one.", running.own_references, scope=SOAP)


def _files() -> Iterator[Case]:
    g = Group.FILES
    yield Case("FIL-01", g, "Takes nothing before its manifest", "Half a batch is none.", files.nothing_before_its_manifest, scope=FILES)
    yield Case("FIL-02", g, "Waits for a file that comes late", "Half a batch is none yet.", files.the_rest_comes_late, scope=FILES)
    yield Case("FIL-03", g, "Compares a document with its manifest", "What was cut on the way is not done.", files.other_than_its_manifest_says, scope=FILES)
    yield Case("FIL-04", g, "Adds up control totals", "A line that was lost is noticed.", files.wrong_totals, scope=FILES)
    yield Case("FIL-05", g, "Sets aside a batch without a signature", "What cannot be taken holds up nothing.", files.without_signature, scope=FILES)
    yield Case("FIL-06", g, "Leaves alone what no manifest names", "What cannot be taken holds up nothing.", files.stray_files, scope=FILES)
    yield Case("FIL-07", g, "Takes away what it took", "What lies there still is laid out no more.", files.takes_away_what_it_took, scope=FILES)
    yield Case("FIL-08", g, "Knows a message under another file name", "A name is no identity.", files.under_another_name, scope=FILES)
    yield Case("FIL-09", g, "Takes batches in order of their names", "After an outage many lie there.", files.in_order, scope=FILES)
    yield Case("FIL-10", g, "Puts its own batches down whole", "What it sends is not quarantined here.", files.own_batches, scope=FILES)


def _details() -> Iterator[Case]:
    g, proves = Group.DETAILS, "An event says nothing; its detail says it all."
    yield Case("DET-01", g, "Fetches details as itself", "Details are for those they are for.", details.fetches, scope=DETAILS)
    yield Case("DET-02", g, "Makes a caller token for each fetch", "A token that was seen opens nothing.", details.a_token_each, scope=DETAILS)
    for number, status in ((3, 401), (4, 503)):
        play = partial(details.refused_once, status)
        yield Case(f"DET-0{number}", g, f"Waits while details are answered {status}", "A fetch that fails loses nothing.", play, scope=DETAILS)
    yield Case("DET-05", g, "Does an event once that comes twice", "At least once on the way is once in effect.", details.fetched_twice, scope=DETAILS)
    yield Case("DET-06", g, "Fetches from the gateway alone", "An event cannot send anybody anywhere.", details.from_elsewhere, scope=DETAILS)
    yield Case("DET-07", g, "Compares a detail with the event's digest", proves, details.another_detail, scope=DETAILS)
    yield Case("DET-08", g, "Checks who signed a detail", proves, details.signed_by_nobody, scope=DETAILS)
    yield Case("DET-09", g, "Compares the ids of event and detail", proves, details.another_message, scope=DETAILS)
    yield Case("DET-10", g, "Receipts the event", "It is a receipt for this content.", details.receipts_the_event, scope=DETAILS)


def _running() -> Iterator[Case]:
    g = Group.SPEED
    yield Case("SPD-01", g, "Answers within two seconds", "It makes durable, answers, and works afterwards.", running.prompt)
    yield Case("SPD-02", g, "Answers within the agreed time-out", "We do not have to send again.", running.within_agreement)
    yield Case("SPD-03", g, "Keeps up with two messages a second", "A busy hour is no outage.", running.keeps_up, Level.SHOULD)
    g = Group.KEYS
    yield Case("KEY-01", g, "Believes our next key once it is published", "A change of our key is no outage.", trust.new_key, scope=JSON)
    yield Case("KEY-02", g, "Believes our new key after the change", "A change of our key is no outage.", trust.key_changed_over, scope=JSON)
    yield Case("KEY-03", g, "Does not believe a key that we withdrew", "A stolen key is worth nothing.", trust.withdrawn_key, scope=JSON)
    g = Group.OUTAGE
    yield Case("OUT-01", g, "Comes back after an outage", "What waited arrives once, in order.", running.back_again, scope=INSIDE)
    yield Case("OUT-02", g, "Remembers over a restart", "A restart does nothing twice.", running.remembers, scope=INSIDE)
    yield Case("OUT-03", g, "Goes on after a restart", "A restart ends nothing.", running.goes_on, scope=INSIDE)
    yield Case("OUT-04", g, "Says it again when we could not hear", "A receipt is not lost on the way.", running.tries_again)


SUITE: Final[tuple[Case, ...]] = (*_connection(), *_schema(), *_signature(), *_time_and_place(), *_effects(), *_receipts(), *_files(), *_details(), *_running())
