import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  type OnApplicationBootstrap,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { CONFIG, type Config, Gate } from '@tallystream/platform';
import helmet from 'helmet';
import { Server } from 'socket.io';
import { ChangeLog } from './change-log';
import { LiveClients } from './live-clients';
import { type LiveServer, type LiveSocket, refusal, serveSocket } from './serve-socket';

/** Most that a client may send at once: its list of ids. */
const MAX_REQUEST_BYTES = 64 * 1024;
/** How long a connection may be there without having shown a key. */
const STRANGER_MS = 10_000;
/** How often it is asked whether a key is still good. */
const LOOK_AGAIN_MS = 15_000;

/** Socket.IO, on the HTTP server of the process: who may come in, and how it ends. docs/live-updates.md */
@Injectable()
export class LiveSockets implements OnApplicationBootstrap, BeforeApplicationShutdown {
  private server: LiveServer | undefined;

  constructor(
    private readonly http: HttpAdapterHost,
    private readonly gate: Gate,
    private readonly clients: LiveClients,
    private readonly log: ChangeLog,
    @Inject(CONFIG) private readonly limits: Pick<Config, 'LIVE_MAX_CLIENTS'>,
  ) {}

  onApplicationBootstrap(): void {
    const server: LiveServer = new Server(this.http.httpAdapter.getHttpServer(), {
      path: '/socket.io',
      serveClient: false,
      maxHttpBufferSize: MAX_REQUEST_BYTES,
      connectTimeout: STRANGER_MS,
      // Refused here, a client comes back by itself; refused below, it does not. Strangers count, too.
      allowRequest: (_request, decide) =>
        decide(
          null,
          !this.log.ending.aborted && server.engine.clientsCount < 2 * this.limits.LIVE_MAX_CLIENTS,
        ),
    });
    server.engine.use(helmet());
    server.use((socket, next) => {
      this.admit(socket).then(
        () => next(),
        (error) => next(refusal(error)),
      );
    });
    server.on('connection', (socket) => this.welcome(socket));
    this.server = server;
  }

  /** Cuts the connections, so that clients come back, to another process, by themselves: told to go, they would not. */
  beforeApplicationShutdown(): void {
    this.server?.engine.close();
  }

  /** @throws Problem */
  private async admit(socket: LiveSocket): Promise<void> {
    const { token } = socket.handshake.auth;
    const credential = typeof token === 'string' && token !== '' ? token : undefined;
    const { address } = socket.handshake;
    const caller = await this.gate.admit({ credential, needs: 'reader', route: 'socket.io', address });
    this.clients.refuseTooMany(caller);
    socket.data.caller = caller;
  }

  private welcome(socket: LiveSocket): void {
    const { caller } = socket.data;
    const leave = this.clients.enter(caller, 'socket');
    const look = setInterval(() => {
      // Told to go, a client does not come back by itself.
      if (!this.gate.isStillGood(caller)) socket.disconnect(true);
    }, LOOK_AGAIN_MS);
    socket.once('disconnect', () => {
      clearInterval(look);
      leave();
    });
    void serveSocket(socket, this.log);
  }
}
