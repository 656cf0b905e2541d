#!/usr/bin/python3
# SPDX-License-Identifier: PostgreSQL
"""A small model server that speaks OpenAI's API, for the demo: it needs no key, and the
same question always gets the same answer, tokens and time (but its own id).

    POST /v1/chat/completions
    POST /v1/embeddings
    GET  /v1/models

The model "rate-limited" (or a question with "[429]" in it) is always refused with 429, and
"broken" (or "[500]") fails with 500.
"""

import argparse
import hashlib
import itertools
import json
import os
import random
import re
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

MODELS = ["gpt-4o", "gpt-4o-mini", "text-embedding-3-small", "rate-limited", "broken"]
LATENCY_SECONDS = (0.02, 0.08)
EMBEDDING_DIMENSIONS = 16
WORDS = """the database remembers what every call costs and who asked for it so nobody has to guess
at the end of a month where money went""".split()
CALLS = itertools.count(1)


class Refusal(Exception):
    def __init__(self, status, kind, message, headers=None):
        super().__init__(message)
        self.status, self.kind, self.headers = status, kind, headers or {}


def tokens(text):
    """About as many as a real tokenizer finds: a word or a mark each, long words more."""
    return sum(1 + len(piece) // 8 for piece in re.findall(r"\w+|[^\w\s]", text))


def seeded(*parts):
    """Chance that is the same for the same question."""
    return random.Random(hashlib.sha256("\0".join(parts).encode()).digest())


def check_model(model, text):
    if model == "rate-limited" or "[429]" in text:
        raise Refusal(429, "rate_limit_exceeded", "Rate limit reached. Please try again in 1s.", {"Retry-After": "1"})
    if model == "broken" or "[500]" in text:
        raise Refusal(500, "server_error", "The server had an error while processing your request.")
    if model not in MODELS:
        raise Refusal(404, "invalid_request_error", f"The model `{model}` does not exist")


def text_of(content):
    """A message's content is a text, or an array of parts."""
    if isinstance(content, str):
        return content
    return " ".join(part.get("text", "") for part in content or [])


def chat_completion(body):
    model, messages = body["model"], body["messages"]
    question = "\n".join(text_of(each.get("content")) for each in messages)
    check_model(model, question)
    chance = seeded(model, question)
    time.sleep(chance.uniform(*LATENCY_SECONDS))
    wanted = chance.randint(8, 40)
    limit = body.get("max_completion_tokens") or body.get("max_tokens") or wanted
    answer = " ".join(WORDS[i % len(WORDS)] for i in range(min(wanted, limit)))
    prompt_tokens = tokens(question) + 4 * len(messages) + 3
    completion_tokens = min(wanted, limit)
    return {
        "id": f"chatcmpl-{chance.getrandbits(64):016x}{next(CALLS):08x}",
        "object": "chat.completion",
        "created": int(time.time()),
        "model": model + "-2024-08-06",
        "choices": [{
            "index": 0,
            "message": {"role": "assistant", "content": answer.capitalize() + "."},
            "finish_reason": "stop" if wanted <= limit else "length",
        }],
        "usage": {
            "prompt_tokens": prompt_tokens,
            "completion_tokens": completion_tokens,
            "total_tokens": prompt_tokens + completion_tokens,
            "prompt_tokens_details": {"cached_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0},
        },
    }


def embedding(model, text):
    chance = seeded(model, text)
    vector = [chance.gauss(0, 1) for _ in range(EMBEDDING_DIMENSIONS)]
    length = sum(each * each for each in vector) ** 0.5
    return [round(each / length, 6) for each in vector]


def embeddings(body):
    model = body["model"]
    texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
    check_model(model, " ".join(texts))
    time.sleep(seeded(model, *texts).uniform(*LATENCY_SECONDS))
    used = sum(tokens(each) for each in texts)
    return {
        "object": "list",
        "model": model,
        "data": [{"object": "embedding", "index": i, "embedding": embedding(model, each)}
                 for i, each in enumerate(texts)],
        "usage": {"prompt_tokens": used, "total_tokens": used},
    }


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def do_GET(self):
        if self.path == "/v1/models":
            self.answer(200, {"object": "list", "data": [{"id": each, "object": "model"} for each in MODELS]})
        else:
            self.refuse(Refusal(404, "invalid_request_error", f"Unknown request URL: GET {self.path}"))

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        work = {"/v1/chat/completions": chat_completion, "/v1/embeddings": embeddings}.get(self.path)
        try:
            if work is None:
                raise Refusal(404, "invalid_request_error", f"Unknown request URL: POST {self.path}")
            self.answer(200, work(json.loads(body)))
        except Refusal as refusal:
            self.refuse(refusal)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            self.refuse(Refusal(400, "invalid_request_error", f"We could not parse your request: {error!r}"))

    def refuse(self, refusal):
        self.answer(refusal.status, {"error": {
            "message": str(refusal), "type": refusal.kind, "param": None, "code": refusal.kind,
        }}, refusal.headers)

    def answer(self, status, content, headers=None):
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


class Server(ThreadingHTTPServer):
    daemon_threads = True


def main():
    parser = argparse.ArgumentParser(description="A small model server that speaks OpenAI's API.")
    parser.add_argument("--port", type=int, default=0, help="default: any that is free")
    parser.add_argument("--port-file", help="where to write the port")
    options = parser.parse_args()
    server = Server(("127.0.0.1", options.port), Handler)
    if options.port_file:
        with open(options.port_file + ".new", "w", encoding="ascii") as file:
            file.write(f"{server.server_port}\n")
        os.rename(options.port_file + ".new", options.port_file)
    else:
        print(f"http://127.0.0.1:{server.server_port}/v1", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
