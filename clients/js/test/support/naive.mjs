// A client as people write it in ten minutes: what the checks of conformance.mjs are there to tell from a good one.

import WebSocket from 'ws';

function open() {
  const socket = new WebSocket(process.argv[2], ['broker.v1.json']);
  socket.on('open', () => socket.send(JSON.stringify({ type: 'subscribe', topic: 'chat.conformance', id: 1 })));
  socket.on('message', data => {
    const message = JSON.parse(data);
    if (message.type === 'message') console.log(`message ${JSON.stringify(message.data)}`);
  });
  socket.on('close', () => setTimeout(open, 100));
  socket.on('error', () => { });
}
open();
