import { NAME_LENGTH_MAX } from '../authority/index.ts'
import { decodeCanonical, encodeCanonical, isBytes, isName } from '../encoding/index.ts'
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

/** Why a device was not admitted. Stable: the CLI and the page translate these. */
export type JoinRefusal =
  | 'malformed'
  | 'invite-unknown'
  | 'invite-used'
  | 'invite-expired'
  | 'invite-revoked'
  | 'proof'
  | 'busy'
  | 'failed'

/** The answer: the genesis record on success; the rest comes by sync. */
export type JoinAnswer = { ok: true; genesis: Uint8Array } | { ok: false; refusal: JoinRefusal }

const REFUSALS: readonly JoinRefusal[] = [
  'malformed',
  'invite-unknown',
  'invite-used',
  'invite-expired',
  'invite-revoked',
  'proof',
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

/** Canonical bytes of an answer. */
export function encodeJoinAnswer(answer: JoinAnswer): Uint8Array {
  return encodeCanonical(answer.ok ? [1, true, answer.genesis] : [1, false, answer.refusal])
}

/** The answer in `bytes`, or null. */
export function decodeJoinAnswer(bytes: Uint8Array): JoinAnswer | null {
  const fields = readFields(bytes)
  if (fields === null || fields.length !== 3 || fields[0] !== 1) return null
  const [, isAdmitted, detail] = fields
  if (isAdmitted === true && detail instanceof Uint8Array) return { ok: true, genesis: detail }
  const refusal = REFUSALS.find((name) => name === detail)
  return isAdmitted === false && refusal !== undefined ? { ok: false, refusal } : null
}

function readFields(bytes: Uint8Array): Value[] | null {
  if (bytes.length > JOIN_MESSAGE_BYTES_MAX) return null
  const decoded = decodeCanonical(bytes)
  return decoded.ok && Array.isArray(decoded.value) ? decoded.value : null
}
