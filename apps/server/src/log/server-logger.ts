import { Logger } from 'nestjs-pino';

/** Where Nest reports each module and route that it sets up: some forty lines of no news. */
const setup = new Set([
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestApplication',
  'WebSocketsController',
]);

/** The application's logger. What Nest says about its own start is logged at debug. */
export class ServerLogger extends Logger {
  override log(message: unknown, ...rest: unknown[]): void {
    const context = rest.at(-1);
    if (typeof context === 'string' && setup.has(context)) super.debug(message, ...rest);
    else super.log(message, ...rest);
  }
}
