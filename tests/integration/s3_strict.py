"""A small S3 server that is strict where real ones are: the signature (own implementation, from the rules of AWS), MD5 and SHA-256 of
bodies, parts in order with their ETags, object lock that needs a checksum. It can be told to fail in the ways that S3 was seen to
fail: 503, a cut connection, 200 with an <Error> in it, an upload that is forgotten.
"""
import base64
import hashlib
import hmac
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

ACCESS, SECRET, REGION = "AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "us-east-1"
UNRESERVED = "-._~"


def encode(text, keep=""):
    return urllib.parse.quote(text, safe=UNRESERVED + keep)


def signature(handler, body):
    """The Authorization that this request should have, from what arrived; None: it is not signed as it must be."""
    given = handler.headers.get("Authorization", "")
    if not given.startswith("AWS4-HMAC-SHA256 "):
        return None, given
    parts = dict(p.strip().split("=", 1) for p in given[len("AWS4-HMAC-SHA256 "):].split(","))
    names = parts["SignedHeaders"].split(";")
    needed = {"host", "x-amz-date", "x-amz-content-sha256"} | {h.lower() for h in handler.headers
                                                               if h.lower().startswith("x-amz-") or h.lower() == "content-md5"}
    if names != sorted(names) or not needed <= set(names):
        return None, given
    path, _, query = handler.path.partition("?")
    if encode(urllib.parse.unquote(path), "/") != path:
        return None, given  # not encoded as AWS does it
    pairs = sorted(p.partition("=")[::2] for p in query.split("&")) if query else []
    if any(encode(urllib.parse.unquote(x)) != x for p in pairs for x in p) or ("=" not in query if query else False):
        return None, given
    date, sha = handler.headers["x-amz-date"], handler.headers["x-amz-content-sha256"]
    canonical = "\n".join([handler.command, path, "&".join("%s=%s" % p for p in pairs),
                           "".join("%s:%s\n" % (n, " ".join(handler.headers[n].split())) for n in names), ";".join(names), sha])
    scope = "%s/%s/s3/aws4_request" % (date[:8], REGION)
    to_sign = "\n".join(["AWS4-HMAC-SHA256", date, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + SECRET).encode()
    for piece in (date[:8], REGION, "s3", "aws4_request"):
        key = hmac.new(key, piece.encode(), hashlib.sha256).digest()
    want = hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
    good = parts["Credential"] == "%s/%s" % (ACCESS, scope) and hmac.compare_digest(parts["Signature"], want)
    return (want if good and sha == hashlib.sha256(body).hexdigest() else None), given


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, body=b"", **headers):
        if isinstance(body, str):
            body = body.encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def error(self, status, code):
        self.answer(status, "<?xml version=\"1.0\"?><Error><Code>%s</Code><Message>%s</Message></Error>" % (code, code))

    def serve(self):
        s = self.server.state
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path, _, query = self.path.partition("?")
        q = {k: v[0] for k, v in urllib.parse.parse_qs(query, keep_blank_values=True).items()}
        _, bucket, *rest = urllib.parse.unquote(path).split("/", 2)
        key = rest[0] if rest else ""
        with s.lock:
            s.requests.append((self.command, key, q))
            trouble = s.trouble(self.command, key, q) if s.trouble else None
        if trouble == "cut":
            self.close_connection = True
            return
        if trouble in ("SlowDown", "InternalError"):
            return self.error(503, trouble)
        if signature(self, body)[0] is None:
            with s.lock:
                s.refused += 1
            return self.error(403, "SignatureDoesNotMatch")
        md5 = base64.b64encode(hashlib.md5(body).digest()).decode()
        if self.headers.get("Content-MD5", md5) != md5:
            return self.error(400, "BadDigest")
        if bucket != s.bucket:
            return self.error(404, "NoSuchBucket")
        with s.lock:
            getattr(self, "do_" + self.command.lower())(s, key, q, body, trouble)

    do_GET = do_PUT = do_POST = do_DELETE = serve

    def do_get(self, s, key, q, body, trouble):
        if not key:
            return self.list(s, q)
        if key not in s.objects:
            return self.error(404, "NoSuchKey")
        data = s.objects[key]
        if "Range" not in self.headers:
            return self.answer(200, data)
        first, last = self.headers["Range"][len("bytes="):].split("-")
        if int(first) >= len(data):
            return self.error(416, "InvalidRange")
        self.answer(206, data[int(first):int(last) + 1])

    def list(self, s, q):
        keys = sorted(k for k in s.objects if k.startswith(q.get("prefix", "")) and k > q.get("continuation-token", ""))
        page, more = keys[:s.page], len(keys) > s.page
        rows = "".join("<Contents><Key>%s</Key><Size>%d</Size></Contents>" % (k.replace("&", "&amp;"), len(s.objects[k])) for k in page)
        token = "<NextContinuationToken>%s</NextContinuationToken>" % page[-1] if more else ""
        self.answer(200, "<ListBucketResult>%s%s</ListBucketResult>" % (token, rows))

    def do_put(self, s, key, q, body, trouble):
        if "x-amz-object-lock-mode" in self.headers and not self.headers.get("Content-MD5"):
            return self.error(400, "InvalidRequest")
        if "uploadId" not in q:
            s.locks[key] = self.headers.get("x-amz-object-lock-mode")
            s.objects[key] = body
            return self.answer(200, ETag='"%s"' % hashlib.md5(body).hexdigest())
        if q["uploadId"] not in s.uploads:
            return self.error(404, "NoSuchUpload")
        etag = '"%s"' % hashlib.md5(body).hexdigest()
        s.uploads[q["uploadId"]][int(q["partNumber"])] = (etag, body)
        self.answer(200, ETag=etag)

    def do_post(self, s, key, q, body, trouble):
        if "uploads" in q:
            upload = "upload-%d/+=" % len(s.started)
            s.started.append(upload)
            s.uploads[upload] = {}
            s.locks[key] = self.headers.get("x-amz-object-lock-mode")
            return self.answer(200, "<R><UploadId>%s</UploadId></R>" % upload)
        parts = s.uploads.get(q["uploadId"])
        if parts is None:
            return self.error(404, "NoSuchUpload")
        if trouble == "200 with an error":
            return self.answer(200, "<?xml version=\"1.0\"?>\n    <Error><Code>InternalError</Code><Message>try again</Message></Error>")
        text = body.decode()
        numbers = [int(p.split("<")[0]) for p in text.split("<PartNumber>")[1:]]
        etags = [p.split("<")[0] for p in text.split("<ETag>")[1:]]
        if numbers != sorted(parts) or any(parts[n][0] != e for n, e in zip(numbers, etags)):
            return self.error(400, "InvalidPart")
        if any(len(parts[n][1]) < 5 << 20 for n in numbers[:-1]):
            return self.error(400, "EntityTooSmall")
        s.objects[key] = b"".join(parts[n][1] for n in numbers)
        del s.uploads[q["uploadId"]]
        if trouble == "done and cut":
            self.close_connection = True
            return
        self.answer(200, "<CompleteMultipartUploadResult/>")

    def do_delete(self, s, key, q, body, trouble):
        s.objects.pop(key, None)
        self.answer(204)


class QuietServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client_address):
        pass  # clients are killed here all the time


class Server:
    def __init__(self, bucket="backups", page=3):
        self.bucket, self.page = bucket, page
        self.objects, self.uploads, self.locks, self.started, self.requests = {}, {}, {}, [], []
        self.refused, self.trouble, self.lock = 0, None, threading.RLock()

    def __enter__(self):
        self.http = QuietServer(("127.0.0.1", 0), Handler)
        self.http.state = self
        self.url = "http://127.0.0.1:%d" % self.http.server_port
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.http.shutdown()
        self.http.server_close()
