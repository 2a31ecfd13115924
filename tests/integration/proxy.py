"""Between an agent and a node: what a test changes in the answers, and what was asked."""
import http.server
import json
import threading
import urllib.request


class Proxy:
    """Before a node: what `change(call, ask)` gives is answered; `ask(call)` gives what the node answers. None: nothing is."""

    def __init__(self, url, change=lambda call, ask: ask(call)):
        outer = self
        self.url_of_node, self.change, self.seen, self.requests = url, change, [], []

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                text = self.rfile.read(int(self.headers["Content-Length"]))
                outer.requests.append(text)
                body = json.loads(text)
                calls = body if isinstance(body, list) else [body]
                answers = []
                for call in calls:
                    outer.seen.append(call)
                    answers.append(outer.change(call, outer.ask))
                if any(a is None for a in answers):
                    self.close_connection = True
                    return
                text = json.dumps(answers if isinstance(body, list) else answers[0]).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_):  # who asked is gone: killed, or it waits no longer
                pass
        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = "http://127.0.0.1:%d" % self.server.server_address[1]

    def ask(self, call):
        request = urllib.request.Request(self.url_of_node, json.dumps(call).encode(), {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=10) as r:
                return json.load(r)
        except OSError:
            return None

    def __enter__(self):
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,))
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
