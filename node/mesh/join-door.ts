import type { Connection, Stream } from '@libp2p/interface'
import type { Logger } from 'pino'
import { AUTHORITY, encodeAuthorityEntries, isProven } from '#protocol/authority'
import type { AdmitEntry, Invite } from '#protocol/authority'
import { toHex } from '#protocol/encoding'
import { isCertified } from '#protocol/identity'
import type { Sha256 } from '#protocol/identity'
import { JOIN_MESSAGE_BYTES_MAX, decodeJoinRequest, encodeJoinAnswer } from '#protocol/invite'
import type { JoinAnswer, JoinRefusal } from '#protocol/invite'
import type { Engine } from '#node/engine'
import { FramedStream } from './framed-stream.ts'
import { deviceOf } from './libp2p-node.ts'

/** Protocol of the join stream: the only one that an unknown key may open. */
export const JOIN_PROTOCOL = '/coopmesh/join/1'
/** Unknown keys connected at once; more wait outside. */
export const STRANGERS_MAX = 8
/** How long an unknown key may stay connected. */
export const STRANGER_TIMEOUT_MS = 10_000
/** How long the door still answers after an invite expired, so that a late guest hears "expired" and not silence. */
const GRACE_MS = 7 * 86_400_000

/** Admits devices that prove an invite of this device. */
export class JoinDoor {
  readonly #engine: Engine
  readonly #genesis: Uint8Array
  readonly #sha256: Sha256
  readonly #log: Logger

  constructor(parts: { engine: Engine; genesis: Uint8Array; sha256: Sha256; log: Logger }) {
    this.#engine = parts.engine
    this.#genesis = parts.genesis
    this.#sha256 = parts.sha256
    this.#log = parts.log
  }

  /** True while an unknown key may connect: this device has an invite that is not long over. */
  get isOpen(): boolean {
    return this.#ownInvites().some((invite) => invite.expiresMs + GRACE_MS > Date.now())
  }

  /** Serves one join stream. */
  async serve(stream: Stream, connection: Connection): Promise<void> {
    const framed = new FramedStream(stream, JOIN_MESSAGE_BYTES_MAX)
    try {
      const bytes = await framed.next(STRANGER_TIMEOUT_MS)
      const answer = await this.#answer(bytes, deviceOf(connection.remotePeer))
      await framed.send(encodeJoinAnswer(answer))
      await framed.close()
    } catch (cause) {
      this.#log.debug({ err: cause }, 'a join stream ended early')
      framed.abort('join failed')
    }
  }

  async #answer(bytes: Uint8Array, device: Uint8Array | null): Promise<JoinAnswer> {
    const request = decodeJoinRequest(bytes)
    if (request === null || device === null) return refuse('malformed')
    const entry: AdmitEntry = { t: 'admit', device, ...request }
    const { replica } = this.#engine
    if (!isProven(replica.rule, this.#sha256, replica.coop, entry)) return refuse('proof')
    const certificate = { kit: entry.kit, device, scope: replica.coop, certificate: entry.certificate }
    if (!isCertified(replica.rule, certificate)) return refuse('proof')
    const invite = this.#ownInvites().find((it) => toHex(it.key) === toHex(request.invite))
    if (invite === undefined) return refuse('invite-unknown')
    // A repeated request of a device that is in already: its answer was lost.
    if (replica.authority.devices.has(toHex(device))) return { ok: true, genesis: this.#genesis }
    if (invite.isRevoked) return refuse('invite-revoked')
    if (invite.used >= invite.uses) return refuse('invite-used')
    if (invite.expiresMs <= Date.now()) return refuse('invite-expired')
    try {
      await this.#engine.append([
        { document: AUTHORITY, entries: 1, payload: encodeAuthorityEntries([entry]) },
      ])
    } catch (cause) {
      this.#log.warn({ err: cause }, 'an admission failed')
      return refuse('failed')
    }
    this.#log.info({ member: entry.memberName, device: entry.deviceName }, 'admitted')
    return { ok: true, genesis: this.#genesis }
  }

  #ownInvites(): Invite[] {
    const { authority, device } = this.#engine.replica
    return [...authority.invites.values()].filter((invite) => invite.issuer === device)
  }
}

function refuse(refusal: JoinRefusal): JoinAnswer {
  return { ok: false, refusal }
}
