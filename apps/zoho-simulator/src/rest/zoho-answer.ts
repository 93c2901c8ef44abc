import { HttpException } from '@nestjs/common';

export const success = <T extends object>(content: T) => ({ code: 0, message: 'success', ...content });

/** Zoho's errors: an HTTP status, and a code and message in the body. */
export const zohoError = (status: number, code: number, message: string): HttpException =>
  new HttpException({ code, message }, status);

export const invalidToken = () => zohoError(401, 14, 'Invalid oauth token');
export const notAuthorized = () => zohoError(401, 57, 'You are not authorized to perform this operation');
export const doesNotExist = () => zohoError(404, 1002, 'Resource does not exist');
export const invalidValue = (parameter: string) => zohoError(400, 2, `Invalid value passed for ${parameter}`);
