import { encodeCanonical, isBytes, isCount, isMapOf, isName } from '../encoding/index.ts'
import type { Value, ValueMap } from '../encoding/index.ts'
import type { Section } from '../commit/index.ts'
import type { Role } from '../document/index.ts'
import { INVITABLE_ROLES, encodeChange, readChanges } from './change.ts'
import type { Change } from './change.ts'
import { NAME_LENGTH_MAX } from './genesis.ts'
import { CHANGES_MAX, SEAL_BYTES_MAX } from './seal-record.ts'

/** The one document that says who may do what. */
export const AUTHORITY = 'authority'

/** Uses of one invite. A guess: a workshop's worth; more people are several invites. */
export const INVITE_USES_MAX = 64

/** Uses of one invite with all that extended it. A guess: four workshops by one link; whoever wants more makes another. */
export const INVITE_EXTENDED_USES_MAX = 256

/** UTF-16 units of the reason of a suspension, and of a proposal. Guesses: a line, and a paragraph. */
export const SUSPENSION_REASON_MAX = 200
/** See `SUSPENSION_REASON_MAX`. */
export const PROPOSAL_REASON_MAX = 500

/** Founds the co-op: only as first entry of the founding device's first commit. */
export interface GenesisEntry {
  t: 'genesis'
  /** Bytes of the genesis record. */
  record: Uint8Array
  /** The founder's kit certifies the founding device. */
  certificate: Uint8Array
}

/** Opens an invite; it spends `uses` slots of the device that writes it. */
export interface InviteEntry {
  t: 'invite'
  /** Public key of the invite; its secret half travels in the link. */
  key: Uint8Array
  role: Role
  uses: number
  /** By the admitting device's own clock, before it signs; no fold judges it. */
  expiresMs: number
}

/** Adds uses to an own invite, for those who came too late; it spends as many slots. */
export interface ExtendEntry {
  t: 'extend'
  key: Uint8Array
  uses: number
}

/** Ends an invite for the device that issued it. */
export interface RevokeEntry {
  t: 'revoke'
  key: Uint8Array
}

/** Admits a device of a new member. */
export interface AdmitEntry {
  t: 'admit'
  /** Public key of the invite that is used. */
  invite: Uint8Array
  device: Uint8Array
  /** The new member's recovery key. */
  kit: Uint8Array
  memberName: string
  deviceName: string
  /** The kit's signature over co-op and device. */
  certificate: Uint8Array
  /** The invite key's signature over co-op, invite, device, kit and names. */
  proof: Uint8Array
}

/**
 * Admits a key of a member that is on the roster already: a further device of it, or the new key of a folder that was
 * restored or copied and never writes on under the old one. It spends one slot of the device that writes it.
 */
export interface RenewalEntry {
  t: 'device'
  /** The new key. */
  device: Uint8Array
  /** The member's recovery key. */
  kit: Uint8Array
  memberName: string
  deviceName: string
  /** Key that the folder had before, of the same kit; the new key gets its role. It stays on the roster. Null for none. */
  replaces: Uint8Array | null
  /** The kit's signature over co-op and device. */
  certificate: Uint8Array
  /** The new key's signature over co-op, replaced key, itself, kit and names. */
  proof: Uint8Array
}

/** Closes the device that writes it; with the kit's signature all devices of its member. */
export interface LeaveEntry {
  t: 'leave'
  /** The kit's signature over co-op and device, or null. */
  signature: Uint8Array | null
}

/** Asks everybody to keep away from a device until a seal closes it or lifts this. */
export interface SuspendEntry {
  t: 'suspend'
  device: Uint8Array
  reason: string
}

/** Asks the stewards for changes. Its id is that of the commit. */
export interface ProposeEntry {
  t: 'propose'
  changes: readonly Change[]
  reason: string
}

/** What a steward says of a proposal. */
export interface WillEntry {
  t: 'approve' | 'decline'
  proposal: Uint8Array
}

/** What a steward's node does in a ballot. */
export interface VoteEntry {
  t: 'support' | 'sign'
  round: number
  /** Bytes of the record; to sign, also the id of one that was supported before. */
  seal: Uint8Array
}

/** A steward's node gives up the rounds before. */
export interface AdvanceEntry {
  t: 'advance'
  /** Id of the epoch whose child is sought. */
  parent: Uint8Array
  round: number
}

/** A device of a member speaks for a recovery. */
export interface RecoverEntry {
  t: 'recover'
  attempt: number
  /** Bytes of the record. */
  seal: Uint8Array
}

/** A member's kit speaks for a recovery; any device may carry it. */
export interface KitsEntry {
  t: 'kits'
  attempt: number
  /** Bytes of the record. */
  seal: Uint8Array
  kit: Uint8Array
  /** The kit's signature over co-op, attempt and id of the record. */
  signature: Uint8Array
}

/** An act in the authority document. */
export type AuthorityEntry =
  | GenesisEntry
  | InviteEntry
  | ExtendEntry
  | RevokeEntry
  | AdmitEntry
  | RenewalEntry
  | LeaveEntry
  | SuspendEntry
  | ProposeEntry
  | WillEntry
  | VoteEntry
  | AdvanceEntry
  | RecoverEntry
  | KitsEntry

/** The typed entry in a decoded map, or null when it is not one of ours. */
export function readAuthorityEntry(map: ValueMap): AuthorityEntry | null {
  const type = map['t']
  switch (typeof type === 'string' ? type : '') {
    case 'genesis': {
      if (!isMapOf(map, ['t', 'record', 'certificate'])) return null
      const { record, certificate } = map
      return record instanceof Uint8Array && isBytes(certificate, 64)
        ? { t: 'genesis', record, certificate }
        : null
    }
    case 'invite': {
      if (!isMapOf(map, ['t', 'key', 'role', 'uses', 'expiresMs'])) return null
      const { key, role, uses, expiresMs } = map
      const known = INVITABLE_ROLES.find((name) => name === role)
      if (!isBytes(key, 32) || known === undefined || !isCount(expiresMs)) return null
      return isUses(uses) ? { t: 'invite', key, role: known, uses, expiresMs } : null
    }
    case 'extend': {
      if (!isMapOf(map, ['t', 'key', 'uses'])) return null
      const { key, uses } = map
      return isBytes(key, 32) && isUses(uses) ? { t: 'extend', key, uses } : null
    }
    case 'revoke': {
      if (!isMapOf(map, ['t', 'key'])) return null
      return isBytes(map['key'], 32) ? { t: 'revoke', key: map['key'] } : null
    }
    case 'admit':
      return readAdmit(map)
    case 'device':
      return readRenewal(map)
    case 'leave': {
      const { signature } = map
      if (!isMapOf(map, ['t', 'signature'])) return null
      return signature === null || isBytes(signature, 64) ? { t: 'leave', signature } : null
    }
    case 'suspend': {
      const { device, reason } = map
      if (!isMapOf(map, ['t', 'device', 'reason']) || !isBytes(device, 32)) return null
      return isReason(reason, SUSPENSION_REASON_MAX) ? { t: 'suspend', device, reason } : null
    }
    case 'propose': {
      const { reason } = map
      const changes = readChanges(map['changes'], CHANGES_MAX)
      if (!isMapOf(map, ['t', 'changes', 'reason']) || changes === null) return null
      return isReason(reason, PROPOSAL_REASON_MAX) ? { t: 'propose', changes, reason } : null
    }
    case 'approve':
    case 'decline': {
      const { proposal } = map
      const t = type === 'approve' ? 'approve' : 'decline'
      return isMapOf(map, ['t', 'proposal']) && isBytes(proposal, 32) ? { t, proposal } : null
    }
    default:
      return readBallotEntry(map, type)
  }
}

/** Payload of an authority section with these entries. */
export function encodeAuthorityEntries(entries: readonly AuthorityEntry[]): Uint8Array {
  return encodeCanonical(
    entries.map((entry): Value =>
      entry.t === 'propose' ? { ...entry, changes: entry.changes.map(encodeChange) } : { ...entry },
    ),
  )
}

/** A section that holds one act of authority, as all do. */
export function actSection(entry: AuthorityEntry): Section {
  return { document: AUTHORITY, entries: 1, payload: encodeAuthorityEntries([entry]) }
}

function readBallotEntry(map: ValueMap, type: Value | undefined): AuthorityEntry | null {
  switch (typeof type === 'string' ? type : '') {
    case 'support':
    case 'sign': {
      const { round, seal } = map
      const t = type === 'support' ? 'support' : 'sign'
      return isMapOf(map, ['t', 'round', 'seal']) && isCount(round) && isSeal(seal)
        ? { t, round, seal }
        : null
    }
    case 'advance': {
      const { parent, round } = map
      if (!isMapOf(map, ['t', 'parent', 'round']) || !isBytes(parent, 32)) return null
      return isCount(round) ? { t: 'advance', parent, round } : null
    }
    case 'recover': {
      const { attempt, seal } = map
      if (!isMapOf(map, ['t', 'attempt', 'seal']) || !isCount(attempt)) return null
      return isSeal(seal) ? { t: 'recover', attempt, seal } : null
    }
    case 'kits': {
      const { attempt, seal, kit, signature } = map
      if (!isMapOf(map, ['t', 'attempt', 'seal', 'kit', 'signature']) || !isCount(attempt)) return null
      if (!isSeal(seal) || !isBytes(kit, 32) || !isBytes(signature, 64)) return null
      return { t: 'kits', attempt, seal, kit, signature }
    }
    default:
      return null
  }
}

function isUses(value: Value | undefined): value is number {
  return isCount(value) && value >= 1 && value <= INVITE_USES_MAX
}

/** What is in the bytes is judged later, and has a refusal of its own. */
function isSeal(value: Value | undefined): value is Uint8Array {
  return value instanceof Uint8Array && value.length <= SEAL_BYTES_MAX
}

/** A reason may be left out, and hides nothing from whoever reads it. */
function isReason(value: Value | undefined, lengthMax: number): value is string {
  return value === '' || isName(value, lengthMax)
}

function readAdmit(map: ValueMap): AdmitEntry | null {
  const keys = ['t', 'invite', 'device', 'kit', 'memberName', 'deviceName', 'certificate', 'proof']
  if (!isMapOf(map, keys)) return null
  const { invite, device, kit, memberName, deviceName, certificate, proof } = map
  if (!isBytes(invite, 32) || !isBytes(device, 32) || !isBytes(kit, 32)) return null
  if (!isName(memberName, NAME_LENGTH_MAX) || !isName(deviceName, NAME_LENGTH_MAX)) return null
  if (!isBytes(certificate, 64) || !isBytes(proof, 64)) return null
  return { t: 'admit', invite, device, kit, memberName, deviceName, certificate, proof }
}

function readRenewal(map: ValueMap): RenewalEntry | null {
  const keys = ['t', 'device', 'kit', 'memberName', 'deviceName', 'replaces', 'certificate', 'proof']
  if (!isMapOf(map, keys)) return null
  const { device, kit, memberName, deviceName, replaces, certificate, proof } = map
  if (!isBytes(device, 32) || !isBytes(kit, 32)) return null
  if (replaces !== null && !isBytes(replaces, 32)) return null
  if (!isName(memberName, NAME_LENGTH_MAX) || !isName(deviceName, NAME_LENGTH_MAX)) return null
  if (!isBytes(certificate, 64) || !isBytes(proof, 64)) return null
  return { t: 'device', device, kit, memberName, deviceName, replaces, certificate, proof }
}
