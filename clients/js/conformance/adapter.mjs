// The client of this folder as the program that conformance.mjs asks for.

import { createInterface } from 'node:readline';
import WebSocket from 'ws';
import { connect } from '../dist/index.js';

const client = connect(process.argv[2], { token: () => 'good', transports: ['websocket'], environment: { WebSocket } });
const topic = client.subscribe('chat.conformance');
topic.on('message', ({ data }) => console.log(`message ${JSON.stringify(data)}`));
topic.on('gap', () => console.log('gap'));
client.on('status', ({ state, code }) => { if (state === 3) console.log(`closed ${code}`); });
createInterface({ input: process.stdin }).on('line', line => {
  const [, key, ...text] = line.split(' ');
  client.publish('chat.conformance', text.join(' '), { key });
});
