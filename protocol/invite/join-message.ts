import { NAME_LENGTH_MAX } from '../authority/index.ts'
import { decodeCanonical, encodeCanonical, isBytes, isCount, isName } from '../encoding/index.ts'
import type { Value } from '../encoding/index.ts'

/** Bytes of one message on a join stream. A founding commit with long names has about 1,000. */
export const JOIN_MESSAGE_BYTES_MAX = 8_192

/** What a joining device sends: it proves the invite's secret by a signature and never shows it. */
export interface JoinRequest {
  /** Public key of the invite. */
  invite: Uint8Array
  /** The new member's recovery key. */
  kit: Uint8Array
  memberName: string
  deviceName: string
  /** The kit's certificate for the dialling device. */
  certificate: Uint8Array
  /** The invite key's signature over the admission. */
  proof: Uint8Array
}

/**
 * What a device of a member that is on the roster sends for its new key. It proves itself, so whichever device of the
 * co-op brings it may: mostly the one that had the old key.
 */
export interface RenewalRequest {
  /** The new key. */
  device: Uint8Array
  /** The member's recovery key. */
  kit: Uint8Array
  /** Key that the device had before. */
  replaces: Uint8Array
  memberName: string
  deviceName: string
  /** The kit's certificate for the new key. */
  certificate: Uint8Array
  /** The new key's signature over the renewal. */
  proof: Uint8Array
}

/** Why a device is not admitted. Stable: the CLI and the page translate these. */
export type JoinRefusal =
  | 'malformed'
  | 'invite-unknown'
  | 'invite-used'
  | 'invite-expired'
  | 'invite-revoked'
  | 'proof'
  | 'kit-unknown'
  | 'no-slots'
  | 'keys-used'
  | 'suspended'
  | 'door-suspended'
  | 'busy'
  | 'failed'

/** The invite is used up, and the guest is on the list of those who wait; `place` counts from 1. */
export interface WaitingAnswer {
  ok: false
  refusal: 'waiting'
  place: number
}

/** The answer: the genesis record on success; the rest comes by sync. */
export type JoinAnswer =
  | { ok: true; genesis: Uint8Array }
  | { ok: false; refusal: JoinRefusal }
  | WaitingAnswer

const REFUSALS: readonly JoinRefusal[] = [
  'malformed',
  'invite-unknown',
  'invite-used',
  'invite-expired',
  'invite-revoked',
  'proof',
  'kit-unknown',
  'no-slots',
  'keys-used',
  'suspended',
  'door-suspended',
  'busy',
  'failed',
]

/** Canonical bytes of a request. */
export function encodeJoinRequest(request: JoinRequest): Uint8Array {
  const { invite, kit, memberName, deviceName, certificate, proof } = request
  return encodeCanonical([1, invite, kit, memberName, deviceName, certificate, proof])
}

/** The request in `bytes`, or null. */
export function decodeJoinRequest(bytes: Uint8Array): JoinRequest | null {
  const fields = readFields(bytes)
  if (fields === null || fields.length !== 7 || fields[0] !== 1) return null
  const [, invite, kit, memberName, deviceName, certificate, proof] = fields
  if (!isBytes(invite, 32) || !isBytes(kit, 32) || !isBytes(certificate, 64) || !isBytes(proof, 64))
    return null
  if (!isName(memberName, NAME_LENGTH_MAX) || !isName(deviceName, NAME_LENGTH_MAX)) return null
  return { invite, kit, memberName, deviceName, certificate, proof }
}

/** Canonical bytes of a request for a new key. */
export function encodeRenewalRequest(request: RenewalRequest): Uint8Array {
  const { device, kit, replaces, memberName, deviceName, certificate, proof } = request
  return encodeCanonical([2, device, kit, replaces, memberName, deviceName, certificate, proof])
}

/** The request for a new key in `bytes`, or null. */
export function decodeRenewalRequest(bytes: Uint8Array): RenewalRequest | null {
  const fields = readFields(bytes)
  if (fields === null || fields.length !== 8 || fields[0] !== 2) return null
  const [, device, kit, replaces, memberName, deviceName, certificate, proof] = fields
  if (!isBytes(device, 32) || !isBytes(kit, 32) || !isBytes(replaces, 32)) return null
  if (!isName(memberName, NAME_LENGTH_MAX) || !isName(deviceName, NAME_LENGTH_MAX)) return null
  if (!isBytes(certificate, 64) || !isBytes(proof, 64)) return null
  return { device, kit, replaces, memberName, deviceName, certificate, proof }
}

/** Canonical bytes of an answer. */
export function encodeJoinAnswer(answer: JoinAnswer): Uint8Array {
  if (answer.ok) return encodeCanonical([1, true, answer.genesis])
  const { refusal } = answer
  return encodeCanonical('place' in answer ? [1, false, refusal, answer.place] : [1, false, refusal])
}

/** The answer in `bytes`, or null. */
export function decodeJoinAnswer(bytes: Uint8Array): JoinAnswer | null {
  const fields = readFields(bytes)
  if (fields === null || fields[0] !== 1) return null
  const [, isAdmitted, detail, place] = fields
  if (fields.length === 4 && isAdmitted === false && detail === 'waiting')
    return isCount(place) && place > 0 ? { ok: false, refusal: 'waiting', place } : null
  if (fields.length !== 3) return null
  if (isAdmitted === true && detail instanceof Uint8Array) return { ok: true, genesis: detail }
  const refusal = REFUSALS.find((name) => name === detail)
  return isAdmitted === false && refusal !== undefined ? { ok: false, refusal } : null
}

function readFields(bytes: Uint8Array): Value[] | null {
  if (bytes.length > JOIN_MESSAGE_BYTES_MAX) return null
  const decoded = decodeCanonical(bytes)
  return decoded.ok && Array.isArray(decoded.value) ? decoded.value : null
}
