"""Several libtorrent DHT nodes in one process, told what to do by JSON lines on standard input, answering each with one JSON line.

argv[1] is one JSON object: addresses (a node is made on each), port, bootstrap ("address:port").
Run by the system's python3, which has the libtorrent module.
"""
import json
import os
import sys

import libtorrent as lt


def make_session(address, port, bootstrap):
    # Loopback addresses only: the limits on nodes of one network would leave a table of one.
    return lt.session({
        'listen_interfaces': '%s:%d' % (address, port),
        'outgoing_interfaces': address,
        'enable_dht': True,
        'dht_bootstrap_nodes': bootstrap,
        'dht_restrict_routing_ips': False,
        'dht_restrict_search_ips': False,
        'dht_ignore_dark_internet': False,
        'enable_lsd': False,
        'enable_upnp': False,
        'enable_natpmp': False,
        'alert_mask': lt.alert.category_t.dht_notification | lt.alert.category_t.error_notification | lt.alert.category_t.dht_operation_notification,
        'alert_queue_size': 100000,
    })


class Driver:
    def __init__(self, spec):
        self.sessions = [make_session(address, spec['port'], spec['bootstrap']) for address in spec['addresses']]
        self.found = {}

    def announce(self, order):
        # The module cannot spell the flags of dht_announce; a torrent that has only its name announces itself.
        params = lt.parse_magnet_uri('magnet:?xt=urn:btih:' + order['hash'])
        params.save_path = '.'
        params.flags &= ~(lt.torrent_flags.auto_managed | lt.torrent_flags.paused)
        self.sessions[order['node']].add_torrent(params).force_dht_announce()
        return {}

    def get(self, order):
        self.sessions[order['node']].dht_get_peers(lt.sha1_hash(bytes.fromhex(order['hash'])))
        return {}

    def poll(self, _order):
        for session in self.sessions:
            for alert in session.pop_alerts():
                if isinstance(alert, lt.dht_get_peers_reply_alert):
                    peers = self.found.setdefault(str(alert.info_hash), set())
                    peers.update('%s:%d' % (peer[0], peer[1]) for peer in alert.peers())
        return {'found': {key: sorted(value) for key, value in self.found.items()},
                'nodes': [session.status().dht_nodes for session in self.sessions]}


def say(answer):
    sys.stdout.write(json.dumps(answer) + '\n')
    sys.stdout.flush()


def main():
    driver = Driver(json.loads(sys.argv[1]))
    say({'ok': True})
    for line in sys.stdin:
        order = json.loads(line)
        try:
            answer = getattr(driver, order['do'])(order)
            answer['ok'] = True
        except Exception as error:
            answer = {'ok': False, 'why': '%s: %s' % (type(error).__name__, error)}
        say(answer)
    # Standard input ended: whoever started us is gone.
    os._exit(0)


main()
