#!/usr/bin/env python3
"""Buys one product over the raw socket, with nothing but Python's standard library.

    python3 docs/examples/buy.py [host:port] [name]

It looks the product up, buys one of it under an idempotency key, sends the same purchase again on
a second connection as if the first answer had been lost, shows that both are one order, and reads
that order back. The protocol is described in docs/WIRE.md; the few types of MessagePack that the
store speaks are written and read here by hand. Exits 1 where the store refuses or cannot be had.
"""

import socket
import struct
import sys
import uuid

TIMEOUT_SECONDS = 10
FRAME_BYTES_MAX = 1024 * 1024


# MessagePack: values to bytes -------------------------------------------------------------------


def pack(value):
    if value is None:
        return b"\xc0"
    if isinstance(value, bool):
        return b"\xc3" if value else b"\xc2"
    if isinstance(value, int):
        return pack_integer(value)
    if isinstance(value, float):
        return b"\xcb" + struct.pack(">d", value)
    if isinstance(value, str):
        data = value.encode("utf-8")
        return pack_head(len(data), 0xA0, 31, 0xD9, 0xDA, 0xDB) + data
    if isinstance(value, (list, tuple)):
        head = pack_head(len(value), 0x90, 15, None, 0xDC, 0xDD)
        return head + b"".join(pack(element) for element in value)
    if isinstance(value, dict):
        head = pack_head(len(value), 0x80, 15, None, 0xDE, 0xDF)
        return head + b"".join(pack(key) + pack(inner) for key, inner in value.items())
    raise TypeError(f"cannot pack {type(value).__name__}")


def pack_integer(value):
    if -32 <= value < 128:
        return struct.pack(">b", value)
    if value >= 0:
        return b"\xcf" + struct.pack(">Q", value)
    return b"\xd3" + struct.pack(">q", value)


def pack_head(size, short, short_max, code8, code16, code32):
    """The type and size of text, a list or a map, in the shortest form that holds the size."""
    if size <= short_max:
        return bytes([short | size])
    if code8 is not None and size < 1 << 8:
        return struct.pack(">BB", code8, size)
    if size < 1 << 16:
        return struct.pack(">BH", code16, size)
    return struct.pack(">BI", code32, size)


# MessagePack: bytes to values -------------------------------------------------------------------

# Type byte -> format of the number behind it.
NUMBERS = {
    0xCA: ">f", 0xCB: ">d",
    0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q",
    0xD0: ">b", 0xD1: ">h", 0xD2: ">i", 0xD3: ">q",
}  # fmt: skip
# Type byte -> what follows, and the format of its size.
SIZED = {
    0xC4: ("bytes", ">B"), 0xC5: ("bytes", ">H"), 0xC6: ("bytes", ">I"),
    0xD9: ("text", ">B"), 0xDA: ("text", ">H"), 0xDB: ("text", ">I"),
    0xDC: ("list", ">H"), 0xDD: ("list", ">I"),
    0xDE: ("map", ">H"), 0xDF: ("map", ">I"),
}  # fmt: skip


class Reader:
    def __init__(self, data):
        self.data = data
        self.at = 0

    def take(self, count):
        piece = self.data[self.at : self.at + count]
        if len(piece) < count:
            raise ValueError("the message ends too early")
        self.at += count
        return piece

    def number(self, form):
        return struct.unpack(form, self.take(struct.calcsize(form)))[0]

    def value(self):
        kind = self.take(1)[0]
        if kind < 0x80:
            return kind
        if kind >= 0xE0:
            return kind - 0x100
        if kind < 0x90:
            return self.sized("map", kind & 0x0F)
        if kind < 0xA0:
            return self.sized("list", kind & 0x0F)
        if kind < 0xC0:
            return self.sized("text", kind & 0x1F)
        if kind in (0xC0, 0xC2, 0xC3):
            return {0xC0: None, 0xC2: False, 0xC3: True}[kind]
        if kind in NUMBERS:
            return self.number(NUMBERS[kind])
        if kind in SIZED:
            what, form = SIZED[kind]
            return self.sized(what, self.number(form))
        raise ValueError(f"unexpected type 0x{kind:02x}")

    def sized(self, what, size):
        if what == "text":
            return self.take(size).decode("utf-8")
        if what == "bytes":
            return self.take(size)
        if what == "list":
            return [self.value() for _ in range(size)]
        return {self.value(): self.value() for _ in range(size)}


# Frames and calls -------------------------------------------------------------------------------


class StoreError(Exception):
    """The store's own refusal, with its code and whatever else it said."""

    def __init__(self, error):
        super().__init__(f"{error['code']}: {error['message']}")
        self.error = error


class Store:
    def __init__(self, host, port):
        self.socket = socket.create_connection((host, port), TIMEOUT_SECONDS)
        self.last_id = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def call(self, method, params):
        """Asks and waits; this client has one request under way at a time."""
        self.last_id += 1
        message = pack([0, self.last_id, method, params])
        self.socket.sendall(struct.pack(">I", len(message)) + message)
        while True:
            kind, *rest = self.receive()
            if kind != 1:
                continue
            answered, error, result = rest
            if error is not None:
                raise StoreError(error)
            if answered == self.last_id:
                return result

    def receive(self):
        (length,) = struct.unpack(">I", self.receive_exactly(4))
        if length > FRAME_BYTES_MAX:
            raise ValueError(f"a frame of {length} bytes")
        return Reader(self.receive_exactly(length)).value()

    def receive_exactly(self, count):
        data = b""
        while len(data) < count:
            piece = self.socket.recv(count - len(data))
            if not piece:
                raise ConnectionError("the store closed the connection")
            data += piece
        return data


# The purchase -----------------------------------------------------------------------------------


def main(address="127.0.0.1:8181", name="Tux"):
    host, _, port = address.rpartition(":")
    host, port = host.strip("[]"), int(port)
    purchase = {"name": name, "quantity": 1, "key": str(uuid.uuid4())}

    with Store(host, port) as store:
        product = store.call("lookup", {"name": name})
        print(f"{product['name']} costs {product['price']:.2f}; {product['quantity']} in stock")
        first = store.call("buy", purchase)
        print(f"order {first['order_number']}, total {first['total']:.2f}")

    # Had the answer been lost, nobody could tell whether the store sold. So ask again, with the
    # same key: the store answers what it answered before, and sells nothing twice.
    with Store(host, port) as store:
        again = store.call("buy", purchase)
        same = again["order_number"] == first["order_number"]
        print(f"the same purchase again: order {again['order_number']}", end=" ")
        print("(the same, nothing was sold twice)" if same else "(ANOTHER ONE: this is a bug)")
        order = store.call("order", {"number": first["order_number"]})
        print(f"order {order['number']} of {order['at']}:")
        for line in order["lines"]:
            print(f"  {line['quantity']} x {line['name']} at {line['price']:.2f}")
    return 0 if same else 1


if __name__ == "__main__":
    if len(sys.argv) > 3 or any(argument.startswith("-") for argument in sys.argv[1:]):
        print(__doc__.split("\n\n")[1].strip(), file=sys.stderr)
        sys.exit(2)
    try:
        sys.exit(main(*sys.argv[1:]))
    except (StoreError, OSError, ValueError) as error:
        print(f"buy.py: {error}", file=sys.stderr)
        sys.exit(1)
