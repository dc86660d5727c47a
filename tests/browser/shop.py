"""A tiny shop on an origin of its own, with a strict Content-Security-Policy and a cookie banner."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Self

_PAGE = """<!doctype html><html lang="en"><head><title>Shampoos</title><meta name="cascada:category" content="Hair">
{snippet}<script src="/shop.js" defer></script></head>
<body><h1>Shampoos</h1><button id="agree">Agree</button><button id="stop">Stop</button>
<button id="add">Add to the cart</button></body></html>"""
_SCRIPT = """
document.getElementById('agree').onclick = function () { cascada.consent(true); };
document.getElementById('stop').onclick = function () { cascada.consent(false); };
var many = 0;
document.getElementById('add').onclick = function () {
  many += 1;
  cascada('cart', {cart: 'C7', currency: 'EUR', items: [{sku: 'S1', name: 'Shampoo', category: 'Hair', quantity: many, price: 12}]});
};
"""


class Shop:
    """A context. `address`: its origin; `snippet`: the line that stands in its pages, as staff pasted it; `house`: where that may call."""

    def __init__(self, house: str) -> None:
        self.snippet, self.house, shop = "", house, self

        class Pages(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                is_script = self.path == "/shop.js"
                body = (_SCRIPT if is_script else _PAGE.format(snippet=shop.snippet)).encode()
                self.send_response(204 if self.path == "/favicon.ico" else 200)
                self.send_header("Content-Type", "text/javascript" if is_script else "text/html; charset=utf-8")
                self.send_header(
                    "Content-Security-Policy",
                    f"default-src 'none'; script-src 'self' {shop.house}; connect-src {shop.house}; base-uri 'none'",
                )
                self.end_headers()
                if self.path != "/favicon.ico":
                    self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Silent."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Pages)
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread = Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
