// Publish/subscribe over Socket.IO: topics are its rooms. With the address of a Redis server several processes act as one.
import { createServer } from 'node:http';
import { createAdapter } from '@socket.io/redis-adapter';
import Redis from 'ioredis';
import { Server } from 'socket.io';

const [port, redisPort] = process.argv.slice(2).map(Number);
const http = createServer();
const io = new Server(http, { transports: ['websocket'], serveClient: false });
if (redisPort) {
  const connect = () => new Redis({ port: redisPort, host: '127.0.0.1', enableAutoPipelining: true });
  io.adapter(createAdapter(connect(), connect()));
}

io.on('connection', (socket) => {
  socket.on('subscribe', async (topic, done) => {
    await socket.join(topic);
    done();
  });
  socket.on('publish', (topic, data) => io.to(topic).emit('message', topic, data));
});
http.listen({ port, host: '127.0.0.1', backlog: 4096 }, () => console.log('ready'));
