"""GET /.well-known/jwks.json: our public signing keys, so that anybody can check a receipt (RFC 7517 §5).

What it is: public, cacheable. What it is not: partners' keys. Called by partners and by the rehearsal.
"""

from fastapi import APIRouter
from starlette.responses import JSONResponse, Response

from gateway.api.parts import At

router = APIRouter(tags=["keys"])
_FOR_SECONDS = 300


@router.get("/.well-known/jwks.json")
def jwks(at: At) -> Response:
    """Our public keys, present and next."""
    return JSONResponse(dict(at.parts.jwks()), headers={"Cache-Control": f"public, max-age={_FOR_SECONDS}"}, media_type="application/jwk-set+json")
