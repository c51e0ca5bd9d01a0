import type { Signer } from './crypto-port.ts'
import type { SignatureRule } from './signature-rule.ts'
import { signedMessage } from './signed-message.ts'

/**
 * A member's statement, signed with the recovery key (the kit), that a device acts for it in one co-op: 64 bytes.
 * The co-op is named by the scope: its id, or for the founding device (the id is not known yet) 32 zero bytes.
 */
export function certifyDevice(kit: Signer, scope: Uint8Array, device: Uint8Array): Uint8Array {
  return kit.sign(signedMessage('certificate', scope, device))
}

/** True when `certificate` is the kit's statement for this device in this scope. */
export function isCertified(
  rule: SignatureRule,
  claim: { kit: Uint8Array; scope: Uint8Array; device: Uint8Array; certificate: Uint8Array },
): boolean {
  return rule.verify(claim.kit, signedMessage('certificate', claim.scope, claim.device), claim.certificate)
}

/** The scope of a founding device's certificate: the genesis record holds both keys, its hash is the co-op. */
export const FOUNDING_SCOPE: Uint8Array = new Uint8Array(32)
