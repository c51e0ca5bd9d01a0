import type { Connection, Stream } from '@libp2p/interface'
import type { Logger } from 'pino'
import { actSection, isProven, isRenewalProven } from '#protocol/authority'
import type { AdmitEntry, Invite, RenewalEntry } from '#protocol/authority'
import { toHex } from '#protocol/encoding'
import { isCertified } from '#protocol/identity'
import type { Sha256 } from '#protocol/identity'
import {
  JOIN_MESSAGE_BYTES_MAX,
  decodeJoinRequest,
  decodeRenewalRequest,
  encodeJoinAnswer,
} from '#protocol/invite'
import type { JoinAnswer, JoinRefusal, RenewalRequest } from '#protocol/invite'
import type { Engine } from '#node/engine'
import { FramedStream } from './framed-stream.ts'
import { deviceOf } from './libp2p-node.ts'
import type { WaitingList } from './waiting-list.ts'

/** Protocol of the join stream: the only one that an unknown or suspended key may open. */
export const JOIN_PROTOCOL = '/coopmesh/join/1'
/** How long an unknown or suspended key may stay connected. */
export const STRANGER_TIMEOUT_MS = 10_000
/** How long the door still answers after an invite expired, so that a late guest hears "expired" and not silence. */
const INVITE_GRACE_MS = 7 * 86_400_000
/**
 * New keys that one member can have from this co-op without an invite: each takes a slot, and a member must not be able
 * to use up those of all. A guess: a folder is restored or copied once in some years, and takes one key or two.
 */
export const RENEWALS_PER_MEMBER_MAX = 16

/** What a door stands on. */
export interface JoinDoorParts {
  engine: Engine
  genesis: Uint8Array
  sha256: Sha256
  waiting: WaitingList
  log: Logger
}

/** Admits devices that prove an invite of this device, and new keys of members that are on the roster. */
export class JoinDoor {
  readonly #engine: Engine
  readonly #genesis: Uint8Array
  readonly #sha256: Sha256
  readonly #waiting: WaitingList
  readonly #log: Logger

  constructor(parts: JoinDoorParts) {
    this.#engine = parts.engine
    this.#genesis = parts.genesis
    this.#sha256 = parts.sha256
    this.#waiting = parts.waiting
    this.#log = parts.log
  }

  /** True while an unknown key may connect: this device has an invite that is not long over. */
  get isOpen(): boolean {
    return this.#ownInvites().some((invite) => invite.expiresMs + INVITE_GRACE_MS > Date.now())
  }

  /** Serves one join stream. */
  async serve(stream: Stream, connection: Connection): Promise<void> {
    const framed = new FramedStream(stream, JOIN_MESSAGE_BYTES_MAX)
    try {
      const bytes = await framed.next(STRANGER_TIMEOUT_MS)
      const answer = await this.answer(bytes, deviceOf(connection.remotePeer))
      await framed.send(encodeJoinAnswer(answer))
      await framed.close()
    } catch (cause) {
      this.#log.debug({ err: cause }, 'a join stream ended early')
      framed.abort('join failed')
    }
  }

  /** What the door says to one message from the connection of `device`; admits who may come in. */
  async answer(bytes: Uint8Array, device: Uint8Array | null): Promise<JoinAnswer> {
    if (this.#isSuspended(this.#engine.replica.device ?? '')) return refuse('door-suspended')
    const renewal = decodeRenewalRequest(bytes)
    if (renewal !== null) return this.#renew(renewal)
    const request = decodeJoinRequest(bytes)
    if (request === null || device === null) return refuse('malformed')
    // A suspended key gets in by a renewal, under another key, and by nothing else.
    if (this.#isSuspended(toHex(device))) return refuse('suspended')
    const entry: AdmitEntry = { t: 'admit', device, ...request }
    const { replica } = this.#engine
    if (!isProven(replica.rule, this.#sha256, replica.coop, entry)) return refuse('proof')
    const certificate = { kit: entry.kit, device, scope: replica.coop, certificate: entry.certificate }
    if (!isCertified(replica.rule, certificate)) return refuse('proof')
    const invite = this.#ownInvite(entry.invite)
    if (invite === undefined) return refuse('invite-unknown')
    const known = this.#answerKnown(device, entry.kit)
    if (known !== null) return known
    if (invite.isRevoked) return refuse('invite-revoked')
    const isOver = invite.expiresMs <= Date.now()
    if (isOver || isUsedUp(invite)) return this.#putOff(entry, invite)
    const answer = await this.#admit(entry)
    if (answer.ok) return answer
    // Two came at once for the last use.
    const now = this.#ownInvite(entry.invite)
    return now !== undefined && isUsedUp(now) ? this.#putOff(entry, now) : answer
  }

  /** Who came in time waits until the inviter decides, also when the invite expires meanwhile. */
  async #putOff(entry: AdmitEntry, invite: Invite): Promise<JoinAnswer> {
    const nowMs = Date.now()
    const isOver = invite.expiresMs <= nowMs
    try {
      await this.#waiting.drop(this.#noLongerWaiting())
      const place = isOver
        ? this.#waiting.placeOf(toHex(entry.device), entry.invite)
        : await this.#waiting.add(entry, nowMs)
      if (place !== null) return { ok: false, refusal: 'waiting', place }
    } catch (cause) {
      this.#log.warn({ err: cause }, 'a guest could not be put on the list')
      return refuse('failed')
    }
    return refuse(isUsedUp(invite) ? 'invite-used' : 'invite-expired')
  }

  /** Devices (hex) that are on the list and need not be: they make room for others. */
  #noLongerWaiting(): string[] {
    const { authority, device: own } = this.#engine.replica
    const guests = this.#waiting.guests().map(({ entry }) => entry)
    return guests
      .filter((it) => {
        const invite = authority.invites.get(toHex(it.invite))
        return authority.devices.has(toHex(it.device)) || (invite !== undefined && !canWaitFor(invite, own))
      })
      .map((it) => toHex(it.device))
  }

  /** A new key of a member that is on the roster. What is cheap to check comes before any signature. */
  async #renew(request: RenewalRequest): Promise<JoinAnswer> {
    const entry: RenewalEntry = { t: 'device', ...request }
    const { rule, coop, authority, device: own } = this.#engine.replica
    const member = toHex(entry.kit)
    const replaced = authority.devices.get(toHex(request.replaces))
    if (replaced?.admissions.some((it) => it.member === member) !== true) return refuse('kit-unknown')
    if (this.#isSuspended(toHex(entry.device))) return refuse('suspended')
    const { kit, device, certificate } = entry
    if (!isCertified(rule, { kit, device, scope: coop, certificate })) return refuse('proof')
    if (!isRenewalProven(rule, this.#sha256, coop, entry)) return refuse('proof')
    const known = this.#answerKnown(device, kit)
    if (known !== null) return known
    if (authority.slotsOf(own ?? '') < 1) return refuse('no-slots')
    const renewed = [...authority.devices.values()].filter(
      (it) => it.replaces !== null && it.member === member,
    )
    if (renewed.length >= RENEWALS_PER_MEMBER_MAX) return refuse('keys-used')
    return this.#admit(entry)
  }

  /** A repeated request of a device that is in already, with the same kit: its answer was lost. */
  #answerKnown(device: Uint8Array, kit: Uint8Array): JoinAnswer | null {
    const known = this.#engine.replica.authority.devices.get(toHex(device))
    if (known === undefined) return null
    return known.member === toHex(kit) ? { ok: true, genesis: this.#genesis } : refuse('kit-unknown')
  }

  async #admit(entry: AdmitEntry | RenewalEntry): Promise<JoinAnswer> {
    try {
      await this.#engine.append([actSection(entry)])
    } catch (cause) {
      this.#log.warn({ err: cause }, 'an admission failed')
      return refuse('failed')
    }
    this.#log.info({ member: entry.memberName, device: entry.deviceName }, 'admitted')
    return { ok: true, genesis: this.#genesis }
  }

  #isSuspended(device: string): boolean {
    const status = this.#engine.replica.authority.statusOf(device)
    return this.#engine.suspensionOf(device) !== null || (status !== null && status !== 'active')
  }

  #ownInvite(key: Uint8Array): Invite | undefined {
    return this.#ownInvites().find((it) => toHex(it.key) === toHex(key))
  }

  #ownInvites(): Invite[] {
    const { authority, device } = this.#engine.replica
    return [...authority.invites.values()].filter((invite) => invite.issuer === device)
  }
}

/** True while a device (hex) can let guests in by the invite: it issued it, and it is not revoked or long over. */
export function canWaitFor(invite: Invite, device: string | null): boolean {
  return invite.issuer === device && !invite.isRevoked && invite.expiresMs + INVITE_GRACE_MS > Date.now()
}

function isUsedUp({ used, uses }: Invite): boolean {
  return used >= uses
}

function refuse(refusal: JoinRefusal): JoinAnswer {
  return { ok: false, refusal }
}
