"""A live source of events on uvicorn, for tests; tests/support/live.h says what it answers.

usage: python3 live_server.py http|https CERTIFICATE KEY TLS_VERSION
"""
import asyncio
import ssl
import sys

import uvicorn

EVENTS = 130
PART = 40
written = {}


def data_of(stream, number):
    """The same text as in live_server.js, for each number."""
    filler = "é€ab" * (1 + (number * 37) % 50) + "x" * (16384 if number % 20 == 0 else 0)
    return f"{stream} {number} {filler}"


def hash_of(state, data):
    for byte in data:
        state = ((state ^ byte) * 16777619) & 0xFFFFFFFF
    return state


def note(stream, number, data):
    count, state = written.get(stream, (0, 2166136261))
    if number == count + 1:
        written[stream] = (number, hash_of(state, f"{number}\n{data}\n".encode()))


async def send_text(send, text, more):
    await send({"type": "http.response.body", "body": text.encode(), "more_body": more})


async def begin(send, status, fields):
    await send({"type": "http.response.start", "status": status, "headers": fields})


async def live(send, mode, stream, after):
    await begin(send, 200, [(b"content-type", b"text/event-stream")])
    for number in range(after + 1, EVENTS + 1):
        data = data_of(stream, number)
        last = number == after + PART and number != EVENTS
        await send_text(send, f"id: {number}\n", True)
        if last and mode == "cut":
            # uvicorn closes the connection under an answer that is not complete.
            raise RuntimeError("cut between the lines of an event")
        note(stream, number, data)
        await send_text(send, f"data: {data}\n\n", True)
        if last and mode == "end":
            break
        await asyncio.sleep(0)
    await send_text(send, "", False)


async def upload(receive, send):
    size = 0
    state = 2166136261
    more = True
    while more:
        message = await receive()
        part = message.get("body", b"")
        more = message.get("more_body", False)
        size += len(part)
        state = hash_of(state, part)
    await answer(send, f"{size} {state}")


async def answer(send, text):
    await begin(send, 200, [(b"content-length", str(len(text.encode())).encode())])
    await send_text(send, text, False)


async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    _, what, stream = (scope["path"].split("/") + [""])[:3]
    if what == "written":
        count, state = written.get(stream, (0, 0))
        await answer(send, f"{count} {state}")
    elif what == "upload":
        await upload(receive, send)
    elif what == "keep-alive":
        # Each connection asks for it when it begins.
        config.timeout_keep_alive = int(stream) // 1000
        await answer(send, stream)
    elif what == "nothing":
        await begin(send, 204, [])
        await send_text(send, "", False)
    else:
        fields = dict(scope["headers"])
        await live(send, what, stream, int(fields.get(b"last-event-id", b"0")))


kind, certificate, key, version = sys.argv[1:]
tls = {}
if kind == "https":
    # What uvicorn hands to ssl.SSLContext: a version alone exists for 1.2, the newest is negotiated otherwise.
    only = ssl.PROTOCOL_TLSv1_2 if version == "1.2" else ssl.PROTOCOL_TLS_SERVER
    tls = {"ssl_certfile": certificate, "ssl_keyfile": key, "ssl_version": only}
config = uvicorn.Config(
    app,
    host="127.0.0.1",
    port=0,
    log_level="error",
    lifespan="off",
    timeout_keep_alive=60,
    **tls,
)
uvicorn.Server(config).run()
