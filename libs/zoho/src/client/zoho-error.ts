/** Zoho answered with an error. `code` is Zoho's own, e.g. 1002 for something that does not exist. */
export class ZohoError extends Error {
  constructor(
    readonly status: number,
    readonly code: number | undefined,
    detail: string,
  ) {
    super(`Zoho answered ${status}${code === undefined ? '' : ` (code ${code})`}: ${detail}`);
    this.name = 'ZohoError';
  }
}
