import { HttpException } from '@nestjs/common';

export const success = <T extends object>(content: T) => ({ code: 0, message: 'success', ...content });

/** Zoho's errors: an HTTP status, and a code and message in the body. */
export const zohoError = (status: number, code: number, message: string): HttpException =>
  new HttpException({ code, message }, status);

export const invalidToken = () => zohoError(401, 14, 'Invalid oauth token');
export const notAuthorized = () => zohoError(401, 57, 'You are not authorized to perform this operation');
export const doesNotExist = () => zohoError(404, 1002, 'Resource does not exist');
export const invalidValue = (parameter: string) => zohoError(400, 2, `Invalid value passed for ${parameter}`);
export const invalidUrl = () => zohoError(404, 5, 'Invalid URL Passed');
/** Public clients show these two for a wrong `organization_id`, and for none where there could be several. */
export const notAssociated = (id: string) =>
  zohoError(400, 6041, `This user is not associated with the CompanyID/CompanyName:${id}.`);
export const organizationNeeded = () =>
  zohoError(400, 6024, 'This user belongs to multiple organizations: the parameter CompanyID is required');
