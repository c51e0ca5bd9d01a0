import { asciiBytes, concatBytes } from '../encoding/index.ts'

/** What a signature is for. Each purpose signs other bytes, so that no signature can be used for a second one. */
export type SignaturePurpose =
  | 'commit'
  | 'certificate'
  | 'invite-proof'
  | 'renewal-proof'
  | 'leave'
  | 'recovery'

/** The bytes that are signed: `coopmesh/<purpose>/1`, a zero byte, then the parts in order (all of fixed length). */
export function signedMessage(purpose: SignaturePurpose, ...parts: Uint8Array[]): Uint8Array {
  return concatBytes(asciiBytes(`coopmesh/${purpose}/1\0`), ...parts)
}
