// Publish/subscribe over `ws`, the way its documentation shows a broadcast: a set of sockets for each topic.
// With the address of a Redis server every publish goes through it, so that several processes act as one.
import { WebSocketServer } from 'ws';
import Redis from 'ioredis';

const [port, redisPort] = process.argv.slice(2).map(Number);
const topics = new Map();
const redis = redisPort ? connectRedis() : null;

function connectRedis() {
  const connect = () => new Redis({ port: redisPort, host: '127.0.0.1', enableAutoPipelining: true });
  const [publisher, subscriber] = [connect(), connect()];
  subscriber.on('messageBuffer', (topic, message) => deliver(topic.toString(), message));
  return { publisher, subscriber };
}

function deliver(topic, message) {
  for (const socket of topics.get(topic) ?? []) {
    socket.send(message, { binary: false });
  }
}

async function subscribe(socket, topic) {
  let sockets = topics.get(topic);
  if (!sockets) {
    topics.set(topic, (sockets = new Set()));
    await redis?.subscriber.subscribe(topic);
  }
  sockets.add(socket);
  socket.topics.add(topic);
  socket.send(JSON.stringify({ type: 'subscribed', topic }));
}

function publish(topic, data) {
  const message = Buffer.from(JSON.stringify({ type: 'message', topic, data }));
  if (redis) {
    redis.publisher.publish(topic, message);
  } else {
    deliver(topic, message);
  }
}

const server = new WebSocketServer({ port, host: '127.0.0.1', backlog: 4096 });
server.on('connection', (socket) => {
  socket.topics = new Set();
  socket.on('message', (bytes) => {
    const message = JSON.parse(bytes);
    if (message.type === 'subscribe') {
      subscribe(socket, message.topic);
    } else if (message.type === 'publish') {
      publish(message.topic, message.data);
    }
  });
  socket.on('error', () => socket.terminate());
  socket.on('close', () => {
    for (const topic of socket.topics) {
      topics.get(topic).delete(socket);
    }
  });
});
server.on('listening', () => console.log('ready'));
