/** The one error of these modules: a code of docs/errors.md. It never holds what was read. */

export type Code =
  | "too_large"
  | "malformed"
  | "bad_signature"
  | "unknown_signer"
  | "wrong_recipient"
  | "replayed"
  | "expired"
  | "unsupported_version";

export class PacketError extends Error {
  readonly code: Code;

  constructor(code: Code) {
    super(code);
    this.code = code;
  }
}

export function refuse(code: Code): never {
  throw new PacketError(code);
}

/** Go on if `holds`, else refuse. */
export function need(holds: boolean, code: Code): asserts holds {
  if (!holds) refuse(code);
}
