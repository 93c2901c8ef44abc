import { RequestMethod } from '@nestjs/common';
import type { Params } from 'nestjs-pino';
import { withoutKeys } from './auth/credential';
import type { Config } from './config/variables';

type LoggedRequest = Readonly<{ id?: unknown; method?: string; url?: string }>;

/**
 * JSON lines. Of a request only method and path are logged: query strings and bodies can hold personal
 * data, headers hold keys. Good answers are logged at `debug`: at hundreds a second they would be all there is.
 */
export const loggerOptions = (level: Config['LOG_LEVEL']): Params => ({
  forRoutes: [{ path: '{*path}', method: RequestMethod.ALL }],
  pinoHttp: {
    level,
    autoLogging: level === 'debug' || level === 'trace',
    quietReqLogger: true,
    customLogLevel: (_request, response, error) => {
      if (error || response.statusCode >= 500) return 'error';
      return response.statusCode >= 400 ? 'info' : 'debug';
    },
    serializers: {
      req: ({ id, method, url }: LoggedRequest) => ({
        id,
        method,
        path: withoutKeys(url?.split('?')[0] ?? ''),
      }),
      res: ({ statusCode }: Readonly<{ statusCode?: number }>) => ({ statusCode }),
    },
    redact: ['req.headers', 'res.headers'],
  },
});
