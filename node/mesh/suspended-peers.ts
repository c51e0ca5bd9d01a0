import type { Connection, PeerId } from '@libp2p/interface'
import type { Logger } from 'pino'
import { toHex } from '#protocol/encoding'
import { checkForkProof } from '#protocol/evidence'
import type { Fork } from '#protocol/evidence'
import type { Sha256 } from '#protocol/identity'
import { isOutside } from '#protocol/sync'
import { forkProof } from '#node/engine'
import type { Engine } from '#node/engine'
import { deviceOf } from './libp2p-node.ts'
import { TELL_TIMEOUT_MS, handProof } from './proof-stream.ts'

/** Why a session with a device that wrote two histories ended. */
export const SUSPENDED = 'suspended: it wrote two histories'
/** The same as that device says it. */
export const SUSPENDED_HERE = 'suspended there: this key wrote two histories'
/** How long a device that was to be reached for a new key is stayed with. As long as it lets a suspended key stay. */
const REACHED_MS = 10_000

/** Both sides of a suspension: telling the devices that are, and hearing it from those that suspended this one. */
export class SuspendedPeers {
  readonly #engine: Engine
  readonly #sha256: Sha256
  readonly #log: Logger
  /** Devices (hex) that have shown this one the proof. */
  readonly #toldBy = new Set<string>()
  /** When devices (hex) were last to be reached for a new key. */
  readonly #reachedAtMs = new Map<string, number>()

  constructor(parts: { engine: Engine; sha256: Sha256; log: Logger }) {
    this.#engine = parts.engine
    this.#sha256 = parts.sha256
    this.#log = parts.log
  }

  /** The device (hex) behind a key of the roster that wrote two histories or is outside, or null. */
  deviceOf(peer: PeerId): string | null {
    const key = deviceOf(peer)
    const device = key === null ? '' : toHex(key)
    if (isOutside(this.#engine.replica, device)) return device
    const isOnRoster = this.#engine.replica.authority.devices.has(device)
    return isOnRoster && this.#engine.suspensionOf(device) !== null ? device : null
  }

  /** Hands a suspended device what proves it. Never rejects. */
  async tell(connection: Connection, device: string): Promise<void> {
    try {
      const suspension = this.#engine.suspensionOf(device)
      const proof = suspension === null ? null : await forkProof(this.#engine, suspension)
      if (proof !== null) await handProof(connection, proof)
    } catch (cause) {
      this.#log.debug({ err: cause, device }, 'a suspended device did not hear why')
    }
  }

  /** Tells a device and then ends the connection with it, in any case once its time is over. */
  async cut(connection: Connection, device: string): Promise<void> {
    const end = (): void => connection.abort(new Error(SUSPENDED))
    const timer = setTimeout(end, TELL_TIMEOUT_MS)
    await this.tell(connection, device)
    clearTimeout(timer)
    end()
  }

  /** What a peer brings against this device. A mere claim is null: two commits of its own key are what counts. */
  hear(proof: Uint8Array, peer: string): Fork | null {
    const { coop, rule, device } = this.#engine.replica
    const checked = checkForkProof(proof, { coop, rule, sha256: this.#sha256 })
    if (!checked.ok || toHex(checked.fork.device) !== device) {
      this.#log.debug({ peer }, 'what should prove a fork of this device does not')
      return null
    }
    this.#toldBy.add(peer)
    return checked.fork
  }

  /** True for a device that has suspended this one: it need not be dialled, except for a new key. */
  isToldBy(peer: string): boolean {
    return this.#toldBy.has(peer)
  }

  /** From now on a connection with the device is wanted, for a new key. */
  noteReached(peer: string): void {
    this.#reachedAtMs.set(peer, Date.now())
  }

  /** True when nothing more is to be had of the device: another copy of this one may be waiting for the place there. */
  isDoneWith(peer: string): boolean {
    return this.#toldBy.has(peer) && !this.isReached(peer)
  }

  /** True while a connection with the device is wanted, for a new key. */
  isReached(peer: string): boolean {
    return Date.now() - (this.#reachedAtMs.get(peer) ?? 0) <= REACHED_MS
  }
}
