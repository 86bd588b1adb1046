/** The way to a server, which a test can cut. */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

export class Line {
  private readonly sockets = new Set<Socket>();
  private server: Server;

  private constructor(
    private readonly target: number,
    private port: number,
  ) {
    this.server = this.serve();
  }

  /** Open when this returns. */
  static async to(address: string): Promise<Line> {
    const line = new Line(Number(new URL(address).port), 0);
    await line.mend();
    return line;
  }

  get address(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** What is under way breaks, and nothing more is taken. */
  cut(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  /** At the same address as before. */
  async mend(): Promise<void> {
    this.server = this.serve();
    this.server.listen(this.port, "127.0.0.1");
    await once(this.server, "listening");
    this.port = (this.server.address() as AddressInfo).port;
  }

  private serve(): Server {
    return createServer((socket) => {
      const onward = connect(this.target, "127.0.0.1");
      for (const end of [socket, onward]) {
        this.sockets.add(end);
        end.on("close", () => this.sockets.delete(end));
        end.on("error", () => end.destroy());
      }
      socket.pipe(onward).pipe(socket);
    });
  }
}
