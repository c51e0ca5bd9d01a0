import type { AuthorityState, DeviceEntry } from '#protocol/authority'
import { fromHex, toHex } from '#protocol/encoding'
import { deviceFromText, deviceText } from '#protocol/identity'
import { CoopError } from '#node/errors'
import { lookOf, shownText } from '#apps/shown-text'

/** Hexadecimal digits that a shortened key has at least: 32 bits, so that a hit by chance is rare. */
const KEY_DIGITS_MIN = 8
/** Keys that an ambiguous name is answered with. */
const NAMED_MAX = 4

/** PeerIds of devices on the roster: each takes ten microseconds, and a list of balances has hundreds. */
const TEXTS = new WeakMap<DeviceEntry, string>()

/** A member as people see it. */
export interface MemberName {
  /** The member's recovery key, hex. */
  member: string
  name: string
}

/** A device as people see it. */
export interface DeviceName extends MemberName {
  /** PeerId. */
  device: string
  deviceName: string
}

/** Finds members and devices of the roster by what people type, and names those that are known by their keys. */
export class RosterNames {
  readonly #authority: AuthorityState

  constructor(authority: AuthorityState) {
    this.#authority = authority
  }

  /** Key (hex) of the member that a name, the key or its first 8 or more digits mean. */
  findMember(text: string): string {
    const { devices } = this.#authority
    const members = new Map([...devices.values()].map((it) => [it.member, it.memberName] as const))
    const byKey = keysLike(text, members.keys())
    if (byKey.length > 0) return only(text, byKey)
    const named = [...members].filter(([, name]) => name === text).map(([member]) => member)
    const [first] = named
    if (first === undefined)
      throw new CoopError(
        'member-unknown',
        `no member is called '${shownText(text.slice(0, 80))}'`,
        'Run `coop members --json`: give the name as it stands there, or the key of the member.',
      )
    const alike = [...members].filter(([, name]) => lookOf(name) === lookOf(text)).map(([member]) => member)
    const isIn = (member: string): boolean =>
      [...devices].some(([device, it]) => it.member === member && this.#isIn(device))
    return only(text, preferring(alike, isIn))
  }

  /** Key (hex) of the device that its PeerId, its key or the first 8 or more digits, `member/device` or its name mean. */
  findDevice(text: string): string {
    const { devices } = this.#authority
    const key = deviceFromText(text)
    if (key !== null && devices.has(toHex(key))) return toHex(key)
    const byKey = keysLike(text, devices.keys())
    if (byKey.length > 0) return only(text, byKey)
    const namesOf = (it: DeviceEntry): string[] => [it.deviceName, `${it.memberName}/${it.deviceName}`]
    const isNamed = (it: DeviceEntry): boolean => namesOf(it).includes(text)
    if (![...devices.values()].some(isNamed))
      throw new CoopError(
        'device-unknown',
        `no device of the co-op is called '${shownText(text.slice(0, 80))}'`,
        'Run `coop members`: give its id, or MEMBER/DEVICE.',
      )
    const look = lookOf(text)
    const alike = [...devices].filter(([, it]) => namesOf(it).some((name) => lookOf(name) === look))
    const found = alike.map(([device]) => device)
    return only(
      text,
      preferring(found, (device) => this.#isIn(device)),
      (device) => this.device(device).device,
    )
  }

  /** The one device (hex) of a member (hex) that is active; of several it has to be said which, as `next` says how. */
  onlyDeviceOf(member: string, next = 'Say which one: --device D.'): string {
    const own = [...this.#authority.devices]
      .filter(([, it]) => it.member === member)
      .map(([device]) => device)
    const [first, ...others] = own.filter((it) => this.#authority.statusOf(it) === 'active')
    if (first !== undefined && others.length === 0) return first
    const named = own.map((it) => this.device(it).deviceName).map(shownText)
    throw first === undefined
      ? new CoopError(
          'device-unknown',
          `${this.memberText(member)} has no active device`,
          'Let it join with one: `coop invite`, and there `coop join LINK --kit`.',
        )
      : new CoopError(
          'name-ambiguous',
          `${this.memberText(member)} has several devices: ${named.join(', ')}`,
          next,
        )
  }

  /** A member (hex) by name; the first digits of its key when it is not known here. */
  member(member: string): MemberName {
    const entry = [...this.#authority.devices.values()].find((it) => it.member === member)
    return { member, name: entry?.memberName ?? member.slice(0, KEY_DIGITS_MIN) }
  }

  /** A device (hex) by name. */
  device(device: string): DeviceName {
    const entry = this.#authority.devices.get(device)
    return {
      device: (entry === undefined ? undefined : TEXTS.get(entry)) ?? textOf(device, entry),
      member: entry?.member ?? '',
      name: entry?.memberName ?? 'unknown',
      deviceName: entry?.deviceName ?? device.slice(0, KEY_DIGITS_MIN),
    }
  }

  /** `Nora/nas`, safe to show. */
  deviceText(device: string): string {
    const { name, deviceName } = this.device(device)
    return shownText(`${name}/${deviceName}`)
  }

  /** `Nora`, safe to show. */
  memberText(member: string): string {
    return shownText(this.member(member).name)
  }

  /** Who decides at present: each steward with the device that signs for it, safe to show. */
  stewardsText(): string {
    const { tip } = this.#authority.epochs
    return [...tip.stewards].map(([, device]) => this.deviceText(device)).join(', ')
  }

  #isIn(device: string): boolean {
    const status = this.#authority.statusOf(device)
    return status === 'active' || status === 'suspended'
  }
}

/** Those who are still in the co-op, if any is. */
/** PeerId of a device (hex), which is kept for one on the roster. */
function textOf(device: string, entry: DeviceEntry | undefined): string {
  const text = deviceText(fromHex(device) ?? new Uint8Array(32))
  if (entry !== undefined) TEXTS.set(entry, text)
  return text
}

function preferring(keys: readonly string[], isIn: (key: string) => boolean): readonly string[] {
  const inside = keys.filter(isIn)
  return inside.length > 0 ? inside : keys
}

function keysLike(text: string, keys: Iterable<string>): string[] {
  const prefix = text.toLowerCase()
  return /^[0-9a-f]{8,64}$/.test(prefix) ? [...keys].filter((it) => it.startsWith(prefix)) : []
}

function only(text: string, found: readonly string[], shown: (key: string) => string = (it) => it): string {
  const [first] = found
  if (first !== undefined && found.length === 1) return first
  throw new CoopError(
    'name-ambiguous',
    `'${shownText(text)}' is, or looks like, ${found.length} of the co-op: ${found.slice(0, NAMED_MAX).map(shown).join(', ')}`,
    'Give one of these keys instead of the name.',
  )
}
