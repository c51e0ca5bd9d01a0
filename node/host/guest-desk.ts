import { INVITE_EXTENDED_USES_MAX, actSection } from '#protocol/authority'
import type { AuthorityEntry, Invite } from '#protocol/authority'
import type { Role } from '#protocol/document'
import { toHex } from '#protocol/encoding'
import { deviceFromText, deviceText } from '#protocol/identity'
import { CoopError } from '#node/errors'
import { canWaitFor } from '#node/mesh'
import type { WaitingGuest } from '#node/mesh'
import { lookOf, shownText } from '#apps/shown-text'
import type { CoopNode } from './coop-node.ts'
import { shownTime } from './shown-time.ts'

/** Somebody who waits for a use of an invite of this device. Names are what the guest calls itself. */
export interface GuestView {
  /** PeerId. */
  device: string
  name: string
  deviceName: string
  /** The invite, hex, and what it makes of the guest. */
  invite: string
  role: Role
  /** Among those who wait for this invite, from 1. */
  place: number
  sinceMs: number
}

/** How often an admission is tried when others take the use that was added for it. */
const TRIES_MAX = 3
/** Keys that an ambiguous name is answered with. */
const NAMED_MAX = 4

/** Guests who proved an invite of this device when it was used up: who they are, letting them in, turning them away. */
export class GuestDesk {
  readonly #node: CoopNode
  /** Admissions run one after the other. */
  #work: Promise<unknown> = Promise.resolve()

  constructor(node: CoopNode) {
    this.#node = node
  }

  /** Who waits, the earliest first. */
  waiting(): GuestView[] {
    const places = new Map<string, number>()
    return this.#guests().map(({ entry, sinceMs }) => {
      const invite = toHex(entry.invite)
      const place = (places.get(invite) ?? 0) + 1
      places.set(invite, place)
      const { memberName, deviceName } = entry
      const role = this.#inviteOf(entry.invite)?.role ?? 'member'
      const names = { device: deviceText(entry.device), name: memberName, deviceName }
      return { ...names, invite, role, place, sinceMs: shownTime(sinceMs) }
    })
  }

  /**
   * Lets a guest in whom a device key or a name means, or everybody: adds a use to the invite where it has none left, and
   * admits. The guest's next request is answered at once. Resolves to those who were let in.
   */
  async admit(text: string | null): Promise<GuestView[]> {
    const work = this.#work.then(async () => this.#admit(text))
    this.#work = work.catch(() => {
      // Whoever asked is told.
    })
    return work
  }

  /** Takes a guest off the list. It may come again as long as the invite is open. */
  async drop(text: string): Promise<GuestView> {
    const view = this.#find(text)
    await this.#node.membership.waiting.drop([this.#keyOf(view)])
    return view
  }

  async #admit(text: string | null): Promise<GuestView[]> {
    const views = text === null ? this.waiting() : [this.#find(text)]
    const guests = new Map(this.#guests().map((it) => [deviceText(it.entry.device), it]))
    const admitted: GuestView[] = []
    for (const view of views) {
      const guest = guests.get(view.device)
      if (guest === undefined) continue
      await this.#letIn(guest).catch((cause: unknown) => {
        throw admitted.length > 0 && cause instanceof CoopError
          ? new CoopError(cause.code, `${admitted.length} let in, then ${cause.message}`, cause.next, cause)
          : cause
      })
      admitted.push(view)
    }
    return admitted
  }

  async #letIn({ entry }: WaitingGuest): Promise<void> {
    const { engine, waiting } = this.#node.membership
    const device = toHex(entry.device)
    for (let tries = 1; !engine.replica.authority.devices.has(device); tries += 1) {
      const invite = this.#inviteOf(entry.invite)
      if (invite === undefined) throw noSuchGuest('who was waiting')
      if (invite.uses <= invite.used) {
        if (invite.uses >= INVITE_EXTENDED_USES_MAX) throw fullInvite()
        await this.#write({ t: 'extend', key: entry.invite, uses: 1 })
      }
      try {
        await this.#write(entry)
        break
      } catch (cause) {
        // Somebody at the door may have been quicker.
        const isTaken = (this.#inviteOf(entry.invite)?.used ?? 0) > invite.used
        if (!isTaken || tries >= TRIES_MAX) throw cause
      }
    }
    await waiting.drop([device])
  }

  async #write(entry: AuthorityEntry): Promise<void> {
    await this.#node.membership.engine.append([actSection(entry)])
  }

  /** Who is not on the roster and waits for an invite that this device can still admit with. */
  #guests(): WaitingGuest[] {
    const { engine, waiting } = this.#node.membership
    const { devices } = engine.replica.authority
    return waiting
      .guests()
      .filter(({ entry }) => !devices.has(toHex(entry.device)) && this.#inviteOf(entry.invite) !== undefined)
  }

  #inviteOf(key: Uint8Array): Invite | undefined {
    const { authority, device } = this.#node.membership.engine.replica
    const invite = authority.invites.get(toHex(key))
    return invite !== undefined && canWaitFor(invite, device) ? invite : undefined
  }

  #keyOf({ device }: GuestView): string {
    return toHex(deviceFromText(device) ?? new Uint8Array())
  }

  /** The guest that its PeerId, its key or the first 8 or more digits, its name or `name/device` mean. */
  #find(text: string): GuestView {
    const views = this.waiting()
    const digits = text.toLowerCase()
    const isPrefix = /^[0-9a-f]{8,64}$/.test(digits)
    const byKey = views.filter((it) => it.device === text || (isPrefix && this.#keyOf(it).startsWith(digits)))
    const namesOf = (it: GuestView): string[] => [it.name, `${it.name}/${it.deviceName}`]
    const isNamed = views.some((it) => namesOf(it).includes(text))
    // Of names that look alike none is taken.
    const alike = views.filter((it) => isNamed && namesOf(it).some((name) => lookOf(name) === lookOf(text)))
    const found = byKey.length > 0 ? byKey : alike
    const [first] = found
    if (first === undefined) throw noSuchGuest(`who is called '${shownText(text.slice(0, 80))}'`)
    if (found.length === 1) return first
    const keys = found.slice(0, NAMED_MAX).map((it) => it.device)
    throw new CoopError(
      'name-ambiguous',
      `'${shownText(text)}' is, or looks like, ${found.length} of those who wait: ${keys.join(', ')}`,
      'Give one of these keys instead of the name.',
    )
  }
}

function noSuchGuest(who: string): CoopError {
  return new CoopError(
    'device-unknown',
    `nobody waits here ${who}`,
    'Run `coop members` on the device that made the invite: it shows who waits.',
  )
}

function fullInvite(): CoopError {
  return new CoopError(
    'refused',
    `one invite admits ${INVITE_EXTENDED_USES_MAX} at most, and this one has`,
    'Make another: `coop invite`.',
  )
}
