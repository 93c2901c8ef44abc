import { createZodDto } from 'nestjs-zod';
import { z } from 'zod';

const yesOrNo = z.enum(['true', 'false']).transform((text) => text === 'true');

export class RunQuery extends createZodDto(
  z.strictObject({
    join: yesOrNo.default(false).meta({ description: 'wait for a run that is on, instead of 409' }),
  }),
) {}
