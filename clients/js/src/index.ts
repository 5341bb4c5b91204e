export { Client, connect, type ClientEvents, type PublishOptions } from './client.ts';
export { isFinal } from './closing.ts';
export type { Player, Room, RoomEvent, RoomEvents, Seat } from './room.ts';
export type { RoomPage, Rooms } from './rooms.ts';
export type { SubscribeOptions, Subscription, SubscriptionEvents } from './subscription.ts';
export { BrokerError, CLOSED, CLOSING, CONNECTING, OPEN } from './types.ts';
export type {
  Codec, Environment, Gap, HistoryPage, Member, Message, Options, Position, PresencePage, Published, Sender, SocketLike, State, Status, Subscribed, TokenSource, TransportName, Welcome,
} from './types.ts';
