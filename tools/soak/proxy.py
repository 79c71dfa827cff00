"""A small TCP proxy on loopback that cuts connections, or swallows what they say."""

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
            for source, sink in (pair, pair[::-1]):
                threading.Thread(target=self.forward, args=(pair, source, sink), daemon=True).start()

    def forward(self, pair, source, sink):
        try:
            while data := source.recv(65536):
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
