"""A libtorrent session told what to do by JSON lines on standard input, answering each with one JSON line.

argv[1] is one JSON object: address, port, and optionally discovers (DHT, local discovery and peer exchange are not forbidden to its torrents), settings (settings_pack entries that win over those below) and
talk (remember what is said to and by peers, for the order of that name).
Run by the system's python3, which has the libtorrent module.
"""
import json
import os
import sys

import libtorrent as lt

NO_ENCRYPTION = 2  # settings_pack::pe_disabled


def make_session(spec):
    # Listening and dialling are tied to one loopback address, so announces come from it too.
    pack = {
        'listen_interfaces': ('[%s]:%d' if ':' in spec['address'] else '%s:%d') % (spec['address'], spec['port']),
        'outgoing_interfaces': spec['address'],
        'enable_dht': False,
        'dht_bootstrap_nodes': '',
        'enable_lsd': False,
        'enable_upnp': False,
        'enable_natpmp': False,
        'enable_incoming_utp': False,
        'enable_outgoing_utp': False,
        'in_enc_policy': NO_ENCRYPTION,
        'out_enc_policy': NO_ENCRYPTION,
        'allow_multiple_connections_per_ip': True,
        'alert_mask': lt.alert.category_t.error_notification,
    }
    if spec.get('talk'):
        pack['alert_mask'] |= lt.alert.category_t.peer_log_notification
        pack['alert_queue_size'] = 1000000
    if spec.get('discovers'):
        # Everything is on one machine here, so the rules against many nodes on one network would leave none.
        pack.update({
            'alert_mask': pack['alert_mask'] | lt.alert.category_t.dht_notification | lt.alert.category_t.dht_operation_notification,
            'dht_restrict_routing_ips': False, 'dht_restrict_search_ips': False, 'dht_enforce_node_id': False,
            'dht_prefer_verified_node_ids': False, 'dht_ignore_dark_internet': False, 'dht_block_ratelimit': 1000,
            'dht_upload_rate_limit': 80000,
        })
    pack.update(spec.get('settings', {}))
    session = lt.session(pack)
    # Loopback peers would otherwise escape rate limits and upload slots: put every address into the global class.
    everyone = lt.ip_filter()
    everyone.add_rule('0.0.0.0', '255.255.255.255', 1)
    everyone.add_rule('::', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 1)
    session.set_peer_class_filter(everyone)
    return session


class Driver:
    def __init__(self, session, discovers):
        self.session = session
        self.discovers = discovers
        self.torrent = None
        self.found = {}

    def add(self, order):
        params = lt.add_torrent_params()
        params.ti = lt.torrent_info(order['torrent'])
        params.save_path = order['directory']
        params.flags &= ~(lt.torrent_flags.auto_managed | lt.torrent_flags.paused)
        if not self.discovers:
            params.flags |= lt.torrent_flags.disable_pex | lt.torrent_flags.disable_dht
            if not self.session.get_settings()['enable_lsd']:
                params.flags |= lt.torrent_flags.disable_lsd
        if order['seed']:
            params.flags |= lt.torrent_flags.seed_mode
        self.torrent = self.session.add_torrent(params)
        return {}

    def magnet(self, order):
        params = lt.parse_magnet_uri(order['uri'])
        params.save_path = order['directory']
        params.flags &= ~(lt.torrent_flags.auto_managed | lt.torrent_flags.paused)
        if not self.discovers:
            params.flags |= lt.torrent_flags.disable_pex | lt.torrent_flags.disable_dht | lt.torrent_flags.disable_lsd
        self.torrent = self.session.add_torrent(params)
        return {}

    def dht_node(self, order):
        self.session.add_dht_node((order['address'], order['port']))
        return {}

    def dht_announce(self, order):
        self.session.dht_announce(lt.sha1_hash(bytes.fromhex(order['infohash'])), order['port'], 0)
        return {}

    def dht_peers(self, order):
        # Asks once and tells what was found by all questions so far.
        self.session.dht_get_peers(lt.sha1_hash(bytes.fromhex(order['infohash'])))
        return self.dht_found(order)

    def dht_found(self, order):
        for alert in self.session.pop_alerts():
            if isinstance(alert, lt.dht_get_peers_reply_alert):
                self.found.setdefault(str(alert.info_hash), set()).update(tuple(peer) for peer in alert.peers())
        return {'peers': [[ip, port] for ip, port in self.found.get(order['infohash'], ())]}

    def dht_state(self, _order):
        return {'nodes': self.session.status().dht_nodes, 'listen': self.session.listen_port()}

    def status(self, _order):
        status = self.torrent.status()
        checking = status.state in (lt.torrent_status.checking_files, lt.torrent_status.checking_resume_data)
        return {
            'progress': 0.0 if checking else status.progress,
            'complete': bool(status.is_seeding and not checking),
            'state': str(status.state),
            'peers': status.num_peers,
            'downloaded': status.total_payload_download,
            'uploaded': status.total_payload_upload,
            'error': status.errc.message() if status.errc.value() else '',
        }

    def peers(self, _order):
        return {'peers': [
            {'ip': p.ip[0], 'port': p.ip[1], 'client': p.client.decode('utf-8', 'replace') if isinstance(p.client, bytes) else p.client,
             'down': p.total_download, 'up': p.total_upload, 'flags': int(p.flags)}
            for p in self.torrent.get_peer_info()]}

    def talk(self, order):
        # What was said since the last call: '==>' by us, '<==' by the peer.
        lines = [alert.message() for alert in self.session.pop_alerts() if isinstance(alert, lt.peer_log_alert)]
        return {'lines': [line for line in lines if any(word in line for word in order['words'])]}

    def connect(self, order):
        self.torrent.connect_peer((order['address'], order['port']))
        return {}

    def recheck(self, _order):
        self.torrent.force_recheck()
        return {}

    def set(self, order):
        self.session.apply_settings(order['settings'])
        return {}


def say(answer):
    sys.stdout.write(json.dumps(answer) + '\n')
    sys.stdout.flush()


def main():
    spec = json.loads(sys.argv[1])
    driver = Driver(make_session(spec), spec.get('discovers', False))
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
