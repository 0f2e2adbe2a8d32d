// The client of npm's "bittorrent-tracker", driven by orders: one JSON object a line on standard input, one JSON answer a line.
// Argument: the folder that holds its node_modules. Ends when standard input does.
import { register } from 'node:module';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';

// WebRTC is a native library that cannot be had from the registry alone; websocket trackers, which need it, are not what is tried here.
const noWebRtc = 'export const RTCPeerConnection = undefined, RTCSessionDescription = undefined, RTCIceCandidate = undefined;';
const hook = `export const resolve = (name, context, next) => name === 'webrtc-polyfill'
  ? { url: ${JSON.stringify(`data:text/javascript,${encodeURIComponent(noWebRtc)}`)}, shortCircuit: true } : next(name, context);`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);

const { default: Client } = await import(pathToFileURL(join(process.argv[2], 'node_modules/bittorrent-tracker/client.js')));
const clients = new Map();

function open({ id, announce, infoHash, port }) {
  const peerId = Buffer.from(`-NP1121-${id.padEnd(12, '.')}`).toString('hex');
  clients.set(id, new Client({ announce, infoHash, peerId, port }));
  return {};
}

// The first thing that happens after an order is its answer; the peers of an announce follow in the same turn.
function next(client, act, wanted) {
  return new Promise(done => {
    const peers = [];
    const onPeer = peer => peers.push(peer);
    const end = answer => setImmediate(() => {
      client.off('peer', onPeer);
      for (const name of [wanted, 'warning', 'error']) client.removeAllListeners(name);
      done(answer(peers));
    });
    client.on('peer', onPeer);
    client.once(wanted, found => end(all => ({ complete: found.complete, incomplete: found.incomplete, downloaded: found.downloaded, interval: found.interval, peers: all })));
    for (const name of ['warning', 'error']) client.once(name, failure => end(() => ({ [name]: failure.message })));
    act();
  });
}

function announce({ id, event, left, numwant }) {
  const client = clients.get(id);
  return next(client, () => client[event]({ left, numwant }), 'update');
}

function scrape({ id }) {
  const client = clients.get(id);
  return next(client, () => client.scrape(), 'scrape');
}

function scrapeMany({ announce, infoHashes }) {
  return new Promise(done => {
    const answer = (failure, found) => done(failure ? { warning: failure.message }
      : Object.fromEntries(Object.entries(found).map(([hash, { complete, incomplete, downloaded }]) => [hash, { complete, incomplete, downloaded }])));
    // Its HTTP half takes several infohashes as text, its UDP half as bytes.
    const asked = announce.startsWith('udp:') ? infoHashes.map(hash => Buffer.from(hash, 'hex')) : infoHashes;
    Client.scrape({ announce, infoHash: asked }, answer);
  });
}

const orders = { open, announce, scrape, scrapeMany };
for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line);
  process.stdout.write(`${JSON.stringify(await orders[order.do](order))}\n`);
}
process.exit(0); // its interval timers would keep it alive
