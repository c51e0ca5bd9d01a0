import { encodeCanonical } from '../encoding/index.ts'
import { signedMessage } from '../identity/index.ts'
import type { Sha256, SignatureRule } from '../identity/index.ts'
import type { RenewalEntry } from './entries.ts'

/** What a new device key of a member that is on the roster says of itself. */
export type RenewalClaim = Omit<RenewalEntry, 't' | 'certificate' | 'proof'>

/**
 * The bytes that the new key signs: co-op, the key that it replaces (32 zero bytes for none), itself, its kit and both names. Its kit certifies
 * it, so what it says is the member's word, and whoever carries the request can change nothing in it.
 */
export function renewalMessage(coop: Uint8Array, claim: RenewalClaim, sha256: Sha256): Uint8Array {
  const names = sha256(encodeCanonical([claim.memberName, claim.deviceName]))
  return signedMessage('renewal-proof', coop, claim.replaces ?? NO_KEY, claim.device, claim.kit, names)
}

/** True when the entry's proof was made with the new key itself, for this very renewal. */
export function isRenewalProven(
  rule: SignatureRule,
  sha256: Sha256,
  coop: Uint8Array,
  entry: RenewalEntry,
): boolean {
  return rule.verify(entry.device, renewalMessage(coop, entry, sha256), entry.proof)
}

/** No key of this form is valid. */
const NO_KEY: Uint8Array = new Uint8Array(32)
