import { setTimeout as sleep } from 'node:timers/promises'
import { toHex } from '#protocol/encoding'
import { deviceText } from '#protocol/identity'
import type { Signer } from '#protocol/identity'
import { nodeSigner } from '#node/crypto'
import { CoopError } from '#node/errors'
import { dropNextKey, loadDeviceKey } from '#node/folder'
import type { Store } from '#node/store'
import type { CoopNode } from './coop-node.ts'
import { RESTATE } from './key-change.ts'
import { admitNewKey, helpersOf } from './key-renewal.ts'
import { kitOfWords } from './recovery-kit.ts'

/** How long a folder with a new key waits for the roster that names it. The device that admitted it is connected. */
const READY_TIMEOUT_MS = 10_000

/** A folder got a key of its own. */
export interface Renewed {
  /** PeerIds. */
  device: string
  replaces: string
  /** The member's recovery key, hex. */
  member: string
  deviceName: string
  /** True once the roster with the new key is here, so that this device can write. */
  isReady: boolean
}

/** Gives a folder a key of its own. */
export class KeyDesk {
  readonly #node: CoopNode
  readonly #store: Store
  #isRestoring = false
  #isRestating = false

  constructor(node: CoopNode, store: Store) {
    this.#node = node
    this.#store = store
  }

  /**
   * Has a new key, certified by the member's kit, admitted by a device that holds a slot, and goes on under it. Log and
   * documents stay; the old key writes nothing more here. All of it happens or nothing.
   */
  async restore(kitWords: string, deviceName?: string): Promise<Renewed> {
    const kit = kitOfWords(kitWords).signer
    const former = this.#node.signer.publicKey
    helpersOf(this.#node.membership.engine, kit) // before anything is started or drawn
    if (this.#node.meshState === 'paused') {
      const next = 'Bring it back with `coop mesh resume`, then try again.'
      throw new CoopError('mesh-paused', 'this node is off the mesh, and a new key is admitted over it', next)
    }
    if (this.#isRestoring)
      throw new CoopError('refused', 'a new key is being asked for just now', 'Wait a moment.')
    this.#isRestoring = true
    try {
      await this.#renew(kit, deviceName)
    } finally {
      this.#isRestoring = false
    }
    const isReady = await this.#untilOnRoster()
    const { authority, device } = this.#node.membership.engine.replica
    return {
      ...{ device: this.#node.device, replaces: deviceText(former), member: toHex(kit.publicKey), isReady },
      deviceName: authority.devices.get(device ?? '')?.deviceName ?? deviceName ?? '',
    }
  }

  /** After a change of key: the folder still holds what the old key said that it holds. Never rejects. */
  async restateHolding(): Promise<void> {
    if (this.#isRestating) return
    this.#isRestating = true
    try {
      const former = await this.#store.get(RESTATE)
      const { authority, device } = this.#node.membership.engine.replica
      if (former === null || !authority.devices.has(device ?? '')) return
      await this.#node.desk.restateHolding(toHex(former))
      await this.#store.write([{ type: 'del', key: RESTATE }])
    } catch (cause) {
      const { log } = this.#node.config
      log.warn({ err: cause }, 'what this folder holds could not be stated under its new key yet')
    } finally {
      this.#isRestating = false
    }
  }

  async #renew(kit: Signer, deviceName: string | undefined): Promise<void> {
    const { folder, config, crypto } = this.#node
    await this.#node.startMesh()
    const { mesh } = this.#node
    if (mesh === null) throw new CoopError('unreachable', 'the mesh does not run', 'Start the node again.')
    const { engine } = this.#node.membership
    const nextKey = await loadDeviceKey(folder.nextKeyPath, config.passphrase)
    const next = nodeSigner(nextKey.seed)
    let wasAsked = false
    const onAsk = (): void => {
      wasAsked = true
    }
    const parts = { engine, crypto, mesh, kit, next, deviceName, onAsk }
    const helper = await admitNewKey(parts).catch(async (cause: unknown) => {
      // A key that may be on the roster is kept, so that the next try goes on with it.
      const isRefused = cause instanceof CoopError && cause.code !== 'unreachable'
      if (isRefused || !wasAsked) await dropNextKey(folder.nextKeyPath)
      throw cause
    })
    await this.#node.changeKey(nextKey, helper)
  }

  async #untilOnRoster(): Promise<boolean> {
    for (const endMs = Date.now() + READY_TIMEOUT_MS; Date.now() < endMs; await sleep(50)) {
      const { authority, device } = this.#node.membership.engine.replica
      if (authority.devices.has(device ?? '')) return true
    }
    return false
  }
}
