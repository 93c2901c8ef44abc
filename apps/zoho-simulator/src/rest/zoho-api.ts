import { applyDecorators, Controller, UseGuards } from '@nestjs/common';
import { ZohoGuard } from './zoho.guard';

/** A part of Zoho's REST, under both products. */
export const ZohoApi = () => applyDecorators(Controller(['inventory/v1', 'books/v3']), UseGuards(ZohoGuard));
