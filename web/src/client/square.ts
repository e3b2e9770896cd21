/**
 * The square of a recovery sheet: login and device secret as a text that the app's own camera reads. It is no address,
 * because browsers keep those in their history whatever a page does.
 */

export const squareOf = (login: string, device: string): string =>
  `handover:#/sign-in?${new URLSearchParams({ login, device }).toString()}`;
