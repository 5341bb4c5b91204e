// Compressed messages to an echo endpoint and back: node deflate.mjs <ws address> <options of perMessageDeflate as JSON>.

import assert from 'node:assert/strict';
import { once } from 'node:events';
import WebSocket from 'ws';

const [, , address, options] = process.argv;
const socket = new WebSocket(address, { perMessageDeflate: { threshold: 0, ...JSON.parse(options) } });
await once(socket, 'open');
assert.match(socket.extensions, /^permessage-deflate/);

const text = Array.from({ length: 2000 }, (_, i) => `${i} squared is ${i * i}. `).join('');
for (const message of [text, '', text, '100 €', 'x'.repeat(1_000_000), text]) {
  socket.send(message, { compress: true });
  const [data, isBinary] = await once(socket, 'message');
  assert.equal(isBinary, false);
  assert.equal(data.toString(), message);
}

// In fragments, with a ping between.
socket.send('first, ', { fin: false, compress: true });
socket.ping();
socket.send('second', { fin: true, compress: true });
const [data] = await once(socket, 'message');
assert.equal(data.toString(), 'first, second');

socket.close(1000);
const [code] = await once(socket, 'close');
assert.equal(code, 1000);
console.log('passed');
