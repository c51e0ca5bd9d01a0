import { asciiBytes, concatBytes, encodeCanonical } from '../encoding/index.ts'
import { portableSigner, signedMessage } from '../identity/index.ts'
import type { Sha256, SignatureRule, Signer } from '../identity/index.ts'
import type { AdmitEntry } from './entries.ts'

/** What the holder of an invite proves to have agreed to. */
export type AdmissionClaim = Omit<AdmitEntry, 't' | 'certificate' | 'proof'>

/**
 * The signer behind an invite's secret (16 bytes or more). The co-op knows only its public key, so the secret never
 * leaves the link: its holder signs with it, and any replica can check that later, offline.
 */
export function inviteSigner(secret: Uint8Array, sha256: Sha256): Signer {
  return portableSigner(sha256(concatBytes(asciiBytes('coopmesh/invite-secret/1\0'), secret)))
}

/** The bytes that an invite key signs: co-op, invite, device, kit and both names. */
export function admissionMessage(coop: Uint8Array, claim: AdmissionClaim, sha256: Sha256): Uint8Array {
  const names = sha256(encodeCanonical([claim.memberName, claim.deviceName]))
  return signedMessage('invite-proof', coop, claim.invite, claim.device, claim.kit, names)
}

/** True when the entry's proof was made with the secret of the invite that it names, for this very admission. */
export function isProven(rule: SignatureRule, sha256: Sha256, coop: Uint8Array, entry: AdmitEntry): boolean {
  return rule.verify(entry.invite, admissionMessage(coop, entry, sha256), entry.proof)
}
