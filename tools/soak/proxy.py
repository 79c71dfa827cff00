"""A small TCP proxy on loopback that cuts connections, swallows what they say, or breaks one off at a given message."""

import socket
import threading


class Proxy:
    """Forwards connections to a server until told otherwise."""

    def __init__(self, target):
        host, port = target.split(":")
        self.target = (host, int(port))
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.pairs = []
        self.is_swallowing = threading.Event()
        self.silenced = set()
        self.breaking = threading.Lock()
        self.break_number, self.is_heard, self.word, self.said = 0, False, b"", None
        self.deaf = set()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            client, _ = self.listener.accept()
            try:
                server = socket.create_connection(self.target)
            except OSError:
                client.close()
                continue
            pair = (client, server)
            self.pairs.append(pair)
            for end in pair:
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for source, sink in (pair, pair[::-1]):
                threading.Thread(target=self.forward, args=(pair, source, sink), daemon=True).start()

    def forward(self, pair, source, sink):
        try:
            while data := source.recv(65536):
                if source is pair[0] and self.is_broken_by(data):
                    if not self.is_heard:
                        break
                    self.deaf.add(id(pair))
                elif source is pair[1] and id(pair) in self.deaf:
                    break
                if not self.is_swallowing.is_set() and id(pair) not in self.silenced:
                    sink.sendall(data)
        except OSError:
            pass
        if id(pair) not in self.silenced:
            close(pair)

    def cut(self):
        """Closes every connection there is."""
        pairs, self.pairs = self.pairs, []
        for pair in pairs:
            close(pair)

    def break_at(self, number, is_heard, word):
        """Breaks off the connection whose client says the number-th thing since one said the word, before the server hears
        it or before its answer arrives; that one alone."""
        self.break_number, self.is_heard, self.word, self.said = number, is_heard, word, None

    def is_broken_by(self, message):
        with self.breaking:
            if self.said is None and self.word in message:
                self.said = 0
            if self.said is not None:
                self.said += 1
            return self.said == self.break_number

    def has_broken(self):
        return self.said is not None and self.said >= self.break_number

    def swallow(self, is_wanted):
        """Swallows everything that anybody says, or no longer."""
        (self.is_swallowing.set if is_wanted else self.is_swallowing.clear)()

    def swallow_those_there(self):
        """Swallows for ever what is said on the connections there are; new ones work."""
        self.silenced.update(id(pair) for pair in self.pairs)


def close(pair):
    for end in pair:
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        end.close()
