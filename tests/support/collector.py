"""A collector of traces on loopback: what an OpenTelemetry collector takes over HTTP, kept for a test to read."""

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest, ExportTraceServiceResponse
from opentelemetry.proto.trace.v1.trace_pb2 import Span


@dataclass
class Collector:
    """What came in."""

    endpoint: str
    requests: list[bytes] = field(default_factory=list)

    def spans(self) -> list[Span]:
        """Every span of every export."""
        exports = [ExportTraceServiceRequest.FromString(body) for body in self.requests]
        return [span for export in exports for resource in export.resource_spans for scope in resource.scope_spans for span in scope.spans]

    def services(self) -> dict[str, set[str]]:
        """Which processes told of each trace."""
        found: dict[str, set[str]] = {}
        for body in self.requests:
            for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
                (name,) = [one.value.string_value for one in resource.resource.attributes if one.key == "service.name"]
                for span in (span for scope in resource.scope_spans for span in scope.spans):
                    found.setdefault(span.trace_id.hex(), set()).add(name)
        return found

    def traces(self) -> dict[str, list[Span]]:
        """Spans by the id of their trace."""
        found: dict[str, list[Span]] = {}
        for span in self.spans():
            found.setdefault(span.trace_id.hex(), []).append(span)
        return found


@contextmanager
def collector() -> Iterator[Collector]:
    """One that listens until the end of the block."""
    kept = Collector("")

    class _Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            kept.requests.append(gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body)
            self.send_response(200)
            self.send_header("Content-Type", "application/x-protobuf")
            self.end_headers()
            self.wfile.write(ExportTraceServiceResponse().SerializeToString())

        def log_message(self, format: str, *args: object) -> None: ...  # noqa: A002

    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    kept.endpoint = f"http://127.0.0.1:{server.server_address[1]}/v1/traces"
    try:
        yield kept
    finally:
        server.shutdown()
        thread.join(5)
        server.server_close()
