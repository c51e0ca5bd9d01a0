import { concatBytes, encodeCanonical, equalBytes } from '../encoding/index.ts'
import type { Sha256, Signer } from '../identity/index.ts'
import { PHONE_SECRET_BYTES, SEAT_HASH_BYTES, SEAT_SECRET_BYTES } from './ticket.ts'
import type { DecodedTicket, Ticket } from './ticket.ts'

/** Bytes of what a phone gives the seller for a blind ticket: its key, and the seat hash. */
export const BLIND_HOLDER_BYTES = 48

/** What the phone of a key gives the seller for a blind ticket: 48 bytes. */
export function blindHolderOf(phone: Signer, sha256: Sha256): Uint8Array {
  const secret = phoneSecretOf(phone, sha256)
  return concatBytes(phone.publicKey, seatHashOf(blindSeatSecret(phone.publicKey, secret, sha256), sha256))
}

/**
 * The secret that a phone shows with the blind ticket of a key, 16 bytes: from a signature that only the phone can make and
 * that it shows to nobody, so that whoever keeps the key keeps the secret. A gate takes any other way to draw one.
 */
export function phoneSecretOf(phone: Signer, sha256: Sha256): Uint8Array {
  return sha256(phone.sign(encodeCanonical(['coopmesh ticket phone secret']))).slice(0, PHONE_SECRET_BYTES)
}

/**
 * The seat secret of a blind ticket, 16 bytes. The key is in it: who has seen the secret of another phone gets no ticket of
 * his own with that phone's seat, and so cannot use it up.
 */
export function blindSeatSecret(holder: Uint8Array, phoneSecret: Uint8Array, sha256: Sha256): Uint8Array {
  const hash = sha256(encodeCanonical(['coopmesh ticket blind secret', holder, phoneSecret]))
  return hash.slice(0, SEAT_SECRET_BYTES)
}

/** What the issuer of a blind ticket learns of its seat secret: 16 bytes. */
export function seatHashOf(seatSecret: Uint8Array, sha256: Sha256): Uint8Array {
  return sha256(encodeCanonical(['coopmesh ticket blind seat', seatSecret])).slice(0, SEAT_HASH_BYTES)
}

/** True for the secret that the phone of a blind ticket drew. */
export function isSeatOf({ holder, seatHash }: Ticket, phoneSecret: Uint8Array, sha256: Sha256): boolean {
  if (holder === null || seatHash === null) return false
  return equalBytes(seatHashOf(blindSeatSecret(holder, phoneSecret, sha256), sha256), seatHash)
}

/** The seat secret of a ticket; null for a blind one that is shown without the secret of its phone. */
export function seatSecretOf({ ticket, rotating }: DecodedTicket, sha256: Sha256): Uint8Array | null {
  if (ticket.holder === null || ticket.seatHash === null) return ticket.seatSecret
  const secret = rotating?.secret ?? null
  if (secret === null || !isSeatOf(ticket, secret, sha256)) return null
  return blindSeatSecret(ticket.holder, secret, sha256)
}
