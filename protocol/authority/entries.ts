import { encodeCanonical, isBytes, isCount, isMapOf, isName } from '../encoding/index.ts'
import type { ValueMap } from '../encoding/index.ts'
import type { Role } from '../document/index.ts'
import { NAME_LENGTH_MAX } from './genesis.ts'

/** Uses of one invite. A guess: a workshop's worth; more people are several invites. */
export const INVITE_USES_MAX = 64

/** Roles that an invite can give. Stewards come by a decision of stewards, never by an invite. */
export const INVITABLE_ROLES: readonly Role[] = ['member', 'venue', 'archive', 'observer']

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
 * Admits a new key of a member that is on the roster already: its folder was restored or copied, and never writes on
 * under the old key. It spends one slot of the device that writes it.
 */
export interface RenewalEntry {
  t: 'device'
  /** The new key. */
  device: Uint8Array
  /** The member's recovery key. */
  kit: Uint8Array
  memberName: string
  deviceName: string
  /** Key that the folder had before, of the same kit; the new key gets its role. It stays on the roster. */
  replaces: Uint8Array
  /** The kit's signature over co-op and device. */
  certificate: Uint8Array
  /** The new key's signature over co-op, replaced key, itself, kit and names. */
  proof: Uint8Array
}

/** An act in the authority document. */
export type AuthorityEntry = GenesisEntry | InviteEntry | RevokeEntry | AdmitEntry | RenewalEntry

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
      if (!isCount(uses) || uses < 1 || uses > INVITE_USES_MAX) return null
      return { t: 'invite', key, role: known, uses, expiresMs }
    }
    case 'revoke': {
      if (!isMapOf(map, ['t', 'key'])) return null
      return isBytes(map['key'], 32) ? { t: 'revoke', key: map['key'] } : null
    }
    case 'admit':
      return readAdmit(map)
    case 'device':
      return readRenewal(map)
    default:
      return null
  }
}

/** Payload of an authority section with these entries. */
export function encodeAuthorityEntries(entries: readonly AuthorityEntry[]): Uint8Array {
  return encodeCanonical(entries.map((entry) => ({ ...entry })))
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
  if (!isBytes(device, 32) || !isBytes(kit, 32) || !isBytes(replaces, 32)) return null
  if (!isName(memberName, NAME_LENGTH_MAX) || !isName(deviceName, NAME_LENGTH_MAX)) return null
  if (!isBytes(certificate, 64) || !isBytes(proof, 64)) return null
  return { t: 'device', device, kit, memberName, deviceName, replaces, certificate, proof }
}
