import { decodeCanonical, encodeCanonical, isBytes, isCount, isMapOf, isName } from '../encoding/index.ts'

/** Admissions that the founding device may give away before a seal gives it more. A guess: one per device of a co-op. */
export const FOUNDING_SLOTS = 256
/** Longest name of a co-op, member or device, in UTF-16 units. A guess: it fits a line on a phone. */
export const NAME_LENGTH_MAX = 64

/** The record whose hash is the co-op's identity. */
export interface Genesis {
  name: string
  /** Recovery key of the founding member, 32 bytes. */
  kit: Uint8Array
  /** Key of the founding device, 32 bytes. */
  device: Uint8Array
  memberName: string
  deviceName: string
  /** How many stewards decide: more than two thirds, or a plain majority (one double signer can then split the line). */
  quorum: 'two-thirds' | 'majority'
  /** Who may recover a co-op without stewards. */
  recovery: 'member-quorum' | 'kits'
  /** Slots of the founding device: admissions it may give away. */
  slots: number
  /** 16 random bytes: two co-ops of one name are two co-ops. */
  nonce: Uint8Array
  /** The founder's clock, ms since 1970. */
  timeMs: number
}

/** Canonical bytes of a genesis record; their SHA-256 is the co-op id. */
export function encodeGenesis(genesis: Genesis): Uint8Array {
  return encodeCanonical({ v: 1, ...genesis })
}

/** The genesis record in `bytes`, or null when they are none. */
export function decodeGenesis(bytes: Uint8Array): Genesis | null {
  const decoded = decodeCanonical(bytes)
  const keys = [
    'v',
    'name',
    'kit',
    'device',
    'memberName',
    'deviceName',
    'quorum',
    'recovery',
    'slots',
    'nonce',
    'timeMs',
  ]
  if (!decoded.ok || !isMapOf(decoded.value, keys)) return null
  const { v, name, kit, device, memberName, deviceName, quorum, recovery, slots, nonce, timeMs } =
    decoded.value
  if (v !== 1 || !isName(name, NAME_LENGTH_MAX) || !isBytes(kit, 32) || !isBytes(device, 32)) return null
  if (!isName(memberName, NAME_LENGTH_MAX) || !isName(deviceName, NAME_LENGTH_MAX)) return null
  if (quorum !== 'two-thirds' && quorum !== 'majority') return null
  if (recovery !== 'member-quorum' && recovery !== 'kits') return null
  if (!isCount(slots) || !isBytes(nonce, 16) || !isCount(timeMs)) return null
  return { name, kit, device, memberName, deviceName, quorum, recovery, slots, nonce, timeMs }
}
